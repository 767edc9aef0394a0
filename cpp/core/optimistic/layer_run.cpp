#include "layer_run.hpp"

#include <utility>

namespace halflife::optimistic {

using draft::Draft;
using draft::Finalizer;
using draft::Kind;
using draft::Scope;

LayerRun::~LayerRun() {
  forget_writes();
  for (const PartialBase& partial : partial_bases_) tree_.release_later(partial.under);
  for (Value value : {error_, returned_, visible_}) {
    if (value != nullptr) tree_.release_later(value);
  }
}

void LayerRun::forget_writes() {
  for (const Write& write : writes_) {
    if (write.value != nullptr) tree_.release_later(write.value);
  }
  writes_.clear();
}

// The host's pending error becomes the error of this run.
bool LayerRun::fail() {
  Value error = host_.take_error();
  if (error_ != nullptr) tree_.release_later(error_);
  error_ = error;
  return false;
}

// --- running

bool LayerRun::run_on(Value visible, Seq seq, const LayerBody& body) {
  seq_ = seq;
  before_ = kNow;
  return run(visible, nullptr, body);
}

bool LayerRun::run_at(Value base, Seq seq, const LayerBody& body) {
  seq_ = seq;
  before_ = seq;
  if (host_.is_absent(base)) return true;  // slots may still have versions over the base before
  Slot& root = tree_.root();
  const Version* version = root.latest(0, before_);
  Value under = version != nullptr ? version->value : base;
  const Seq after = version != nullptr ? version->seq : 0;
  if (!draft::has_parts(model_.kind(under)) || root.is_plain()) {
    return run(under, nullptr, body);
  }
  Value level = composer_.compose(root, under, after, before_, true);
  if (level == nullptr) return fail();
  model_.own(under);
  partial_bases_.push_back({&root, after, under});
  const bool ok = run(level, &partial_bases_.back(), body);
  tree_.release_later(level);
  return ok;
}

bool LayerRun::run(Value root, PartialBase* partial, const LayerBody& body) {
  const bool is_empty =
      body.recipe == nullptr && body.then == nullptr && body.replacement == nullptr;
  if (is_empty || host_.is_absent(root)) {
    if (before_ == kNow) {
      model_.own(root);
      visible_ = root;
    }
    return true;
  }
  Scope scope(model_, true, this);
  Finalizer finalizer(scope, true);
  Draft* draft = nullptr;
  Value argument = root;
  if (body.replacement == nullptr && !open(scope, root, partial, &draft, &argument)) {
    reads_.push_back({&tree_.root(), ReadKind::subtree});
    return fail();
  }
  if (body.replacement == nullptr && draft == nullptr) {
    reads_.push_back({&tree_.root(), ReadKind::subtree});
  }
  if (body.replacement != nullptr) {
    write(tree_.root(), body.replacement, {});
    if (body.then != nullptr && !run_then(body.then)) {
      forget_writes();
      return false;
    }
  } else if (!call(body, argument, scope, finalizer)) {
    if (!read_all(scope)) fail();  // if none of these change, it would raise again
    forget_writes();
    return false;
  }
  const bool replaced = !writes_.empty();
  Value visible = replaced ? writes_.front().value : argument;
  if (!replaced && draft != nullptr) {
    const bool built = before_ != kNow || finalizer.finalize(draft->face, &visible);
    if (!built || !write_all(*draft, finalizer)) fail();
  }
  if (!read_all(scope)) fail();
  if (error_ != nullptr) {
    // The recipe succeeded, but a record's constructor refused its fields. Any older layer may be
    // the cause, so the run depends on the whole value.
    reads_.push_back({&tree_.root(), ReadKind::subtree});
    forget_writes();
    return false;
  }
  if (before_ == kNow) {
    model_.own(visible);
    visible_ = visible;
  }
  return true;
}

// Makes the recipe's argument: a draft if anything in the value can be edited, else the value.
bool LayerRun::open(Scope& scope, Value value, PartialBase* partial, Draft** draft,
                    Value* argument) {
  *argument = value;
  if (!scope.opens(value)) return model_.kind(value) != Kind::leaf || model_.may_be_root(value);
  *draft = scope.open(value, partial);
  if (*draft == nullptr) return false;
  *argument = (*draft)->face;
  return (*draft)->kind != Kind::fixed || scope.give(**draft, argument);
}

bool LayerRun::call(const LayerBody& body, Value argument, Scope& scope, Finalizer& finalizer) {
  for (const bool following : {false, true}) {
    Value recipe = following ? body.then : body.recipe;
    if (recipe == nullptr) continue;
    if (!writes_.empty()) return run_then(recipe);
    Value returned = nullptr;
    if (!host_.call(recipe, argument, &returned, &error_)) {
      raised_in_then_ = following;
      return false;
    }
    bool ok = true;
    if (!following && body.returns) {
      ok = replace_value(returned, argument, body, scope, finalizer);
    } else if (!following && before_ == kNow) {
      ok = keep_context(returned, scope);
    }
    tree_.release_later(returned);
    if (!ok) return false;
  }
  return true;
}

// Keeps what the recipe returned, with each draft in it replaced by its current value. The drafts
// stay usable, because their edits are still to be recorded.
bool LayerRun::keep_context(Value returned, Scope& scope) {
  Value plain = returned;
  Finalizer finalizer(scope, false);
  if (model_.kind(returned) != Kind::leaf && !finalizer.finalize(returned, &plain)) return fail();
  model_.own(plain);
  returned_ = plain;
  return true;
}

bool LayerRun::replace_value(Value returned, Value argument, const LayerBody& body, Scope& scope,
                             Finalizer& finalizer) {
  if (host_.is_nothing(returned) || returned == argument) return true;
  if (scope.edited()) {
    error_ = host_.edited_and_returned(body.recipe, returned);
    return false;
  }
  Value plain = nullptr;
  if (Draft* draft = scope.draft_of(returned);
      draft != nullptr && draft->scope == &scope && !scope.read_subtree(*draft)) {
    return fail();
  }
  if (!finalizer.finalize(returned, &plain)) return fail();
  Moves moves;
  if (Draft* root = model_.draft_of(argument); root != nullptr) {
    moves = moves_of_value(*root, nullptr, plain, finalizer);
  }
  write(tree_.root(), plain, {}, std::move(moves));
  return true;
}

// Runs `then` after the whole value was replaced. It edits the replacement and can read nothing
// else, so its scope records nothing.
bool LayerRun::run_then(Value recipe) {
  Scope scope(model_, false);
  Finalizer finalizer(scope, true);
  Value replacement = writes_.front().value;
  Value argument = replacement;
  Draft* draft = nullptr;
  if (!open(scope, replacement, nullptr, &draft, &argument)) return fail();
  Value returned = nullptr;
  if (!host_.call(recipe, argument, &returned, &error_)) {
    raised_in_then_ = true;
    return false;
  }
  tree_.release_later(returned);
  if (!finalizer.finalize(argument, &replacement)) return fail();
  model_.own(replacement);
  tree_.release_later(std::exchange(writes_.front().value, replacement));
  return true;
}

// --- draft::BaseProvider: a nested draft's base is composed when the draft is made, one level at a
// time

bool LayerRun::nested_base(const Draft& parent, Value key, std::size_t index, Value found,
                           Value* base, void** partial_base) {
  const PartialBase& at = *static_cast<PartialBase*>(parent.partial_base);
  bool failed = false;
  Slot* slot = key != nullptr ? tree_.find(*at.slot, key, &failed)
                              : Tree::find(*at.slot, Tree::position(index));
  if (failed) return false;
  if (slot == nullptr || slot->is_plain()) return true;
  const Version* version = slot->latest(at.after, before_);
  const Seq after = version != nullptr ? version->seq : at.after;
  *base = composer_.compose(*slot, found, after, before_, true);
  if (*base == nullptr) return false;
  model_.own(found);
  partial_bases_.push_back({slot, after, found});
  *partial_base = &partial_bases_.back();
  return true;
}

Value LayerRun::full_base(const Draft& draft) {
  const PartialBase& at = *static_cast<PartialBase*>(draft.partial_base);
  return composer_.compose(*at.slot, at.under, at.after, before_, false);
}

}  // namespace halflife::optimistic
