// A host runs the user's recipes for a log of layers and stores their errors. To the core, recipes,
// keys and errors are opaque values. draft/model.hpp describes the part of the host that reads and
// copies containers.
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

  // Gives equal keys the same id until forget_keys() is called. May run user code (the key's hash
  // and comparison). False: an error is pending in the host.
  virtual bool intern(Value key, std::uint64_t* id) = 0;
  // Borrowed until forget_keys(): one representative for all indistinguishable keys. (Equal keys
  // can be distinguishable, as True and 1 are.) Null: an error is pending in the host.
  virtual Value spelling(Value key) = 0;
  virtual void forget_keys() = 0;

  // Is this the host's mark for a base that is absent? Recipes never get the mark.
  virtual bool is_absent(Value base) = 0;
  // Owned: a new error for an edit of a base that is absent.
  virtual Value absent_base_error() = 0;

  // Calls a recipe with the face of a draft or with a leaf. The caller owns `returned` and `error`.
  // False: the recipe raised `error`.
  virtual bool call(Value recipe, Value argument, Value* returned, Value* error) = 0;
  virtual bool is_nothing(Value returned) = 0;
  // Owned: a new error for a recipe that edited its draft and also returned another value,
  // `returned`.
  virtual Value edited_and_returned(Value recipe, Value returned) = 0;
  // Owned: the host's pending error; afterwards no error is pending.
  virtual Value take_error() = 0;
  virtual void raise(Value error) = 0;
  // Is the error a keyboard interrupt or exhausted memory? Such an error rolls the whole operation
  // back instead of making one layer conflicted.
  virtual bool is_interrupt(Value error) = 0;
  // Called at the end of an operation for each layer that the operation left in conflict. With
  // `again`, the layer was in conflict before as well, and only its error is new.
  virtual void conflicted(Layer& layer, Value error, bool again) = 0;
  // Borrowed, or null: the error stored with the layer.
  virtual Value error_of(const Layer& layer) = 0;
  virtual void set_error(Layer& layer, Value error) = 0;
};

}  // namespace halflife::optimistic
