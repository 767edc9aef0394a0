// The host of layers knows the user's recipes; see draft/model.hpp for what it knows of values.
#pragma once

#include <cstdint>

#include "../draft/model.hpp"
#include "layer.hpp"

namespace halflife::optimistic {

class Host {
 public:
  Host() = default;
  Host(const Host&) = delete;
  Host& operator=(const Host&) = delete;
  virtual ~Host() = default;

  virtual draft::Model& model() = 0;

  // One number for all keys that are equal, for as long as forget_keys() is not called. May run the
  // key's own code; false: an error is pending.
  virtual bool intern(Value key, std::uint64_t* id) = 0;
  // Borrowed, until forget_keys(): one value for all keys that nothing can tell apart. Null: an
  // error is pending.
  virtual Value spelling(Value key) = 0;
  virtual void forget_keys() = 0;

  // Calls a recipe with the face of a draft, or with a leaf. Both out values are owned. False: it
  // raised *error.
  virtual bool call(Value recipe, Value argument, Value* returned, Value* error) = 0;
  virtual bool is_nothing(Value returned) = 0;
  // Owned: the error of a recipe that edits its draft and returns another value too.
  virtual Value edited_and_returned(Value recipe) = 0;
  // Owned: the error that is pending, which is pending no more.
  virtual Value take_error() = 0;
  virtual void raise(Value error) = 0;
  // Not the recipe's own error: the user pressed a key, or memory ran out.
  virtual bool is_interrupt(Value error) = 0;
  // A layer has become conflicted: to be told to the user when the operation is complete. With
  // `again` it was before, and only the error is a new one.
  virtual void conflicted(Layer& layer, Value error, bool again) = 0;
  // The error kept with a layer: borrowed, or null.
  virtual Value error_of(const Layer& layer) = 0;
  virtual void set_error(Layer& layer, Value error) = 0;
};

}  // namespace halflife::optimistic
