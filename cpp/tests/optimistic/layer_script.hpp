// A script is a recipe for tests: a few actions on places of a value, each of which can fail. It
// runs over drafts and, with the same result, over a plain value that it changes in place.
#pragma once

#include <string>
#include <vector>

#include "../draft/editor.hpp"

namespace halflife::plain {

struct Action {
  enum class Kind {
    set,        // place = value
    increment,  // place += 1; raises if it is no number
    erase,      // raises if there is nothing
    require,    // raises unless place is equal to value
    append,
    insert,  // before the last part
    pop,
    move,   // other = place, which is erased
    alias,  // other = place, the container itself, which is at both then
    copy,   // other = place, as it is now
    include,
    discard,
    count,  // other = how many there are in place
    first,  // other = the first key
    each,   // every number in place is one greater
    reverse,
    unless,  // if there is nothing at place, place = value
    renew,   // erases the key and sets it again
    back,    // returns value: the whole is that
  };
  Kind kind;
  std::vector<Value> place;  // kept by the values
  std::vector<Value> other;
  Value value = nullptr;  // plain
};

using Script = std::vector<Action>;

// What it returns, or null. Throws Raised.
Value run_script(const Script& script, Editor& editor, Value root);
std::string show(const Script& script);

}  // namespace halflife::plain
