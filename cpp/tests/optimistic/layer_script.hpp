// A script is a recipe for tests: a few actions at paths of a value, each of which can fail. It
// runs over drafts and, with the same result, over a plain value that it changes in path.
#pragma once

#include <string>
#include <vector>

#include "../draft/editor.hpp"

namespace halflife::plain {

struct Action {
  enum class Kind {
    set,        // value at path = value
    increment,  // adds 1 to a number; raises if there is no number
    erase,      // raises if there is no entry
    require,    // raises unless the value at path is equal to value
    append,
    insert,  // before the position that path ends in
    pop,
    move,   // moves the value at path to other
    alias,  // puts the same container at other, too
    copy,   // puts a copy of the value at path at other
    include,
    discard,
    count,  // puts the size of the container at path at other
    first,  // puts the first key of the map at path at other
    each,   // adds 1 to every number in the map at path
    reverse,
    unless,  // sets the value at path if there is no entry
    renew,   // erases the key and sets it again
    back,    // returns value as the new whole value
  };
  Kind kind;
  std::vector<Value> path;  // kept by the values
  std::vector<Value> other;
  Value value = nullptr;  // plain
};

using Script = std::vector<Action>;

// The value that the script returns, or null. Throws Raised.
Value run_script(const Script& script, Editor& editor, Value root);
std::string show(const Script& script);

}  // namespace halflife::plain
