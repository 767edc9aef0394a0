#include "attempt.hpp"

#include <utility>

namespace halflife::optimistic {

using draft::Draft;
using draft::Kind;
using draft::Resolver;
using draft::Scope;

Attempt::~Attempt() {
  forget_writes();
  for (const Place& place : places_) tree_.trash(place.under);
  for (Value value : {error_, returned_, shown_}) {
    if (value != nullptr) tree_.trash(value);
  }
}

void Attempt::forget_writes() {
  for (const Write& write : writes_) {
    if (write.value != nullptr) tree_.trash(write.value);
  }
  writes_.clear();
}

// The host has an error pending: it becomes the attempt's.
bool Attempt::fail() {
  Value error = host_.take_error();
  if (error_ != nullptr) tree_.trash(error_);
  error_ = error;
  return false;
}

// --- running

bool Attempt::run_on(Value shown, Seq seq, const Parts& parts) {
  seq_ = seq;
  before_ = kNow;
  return run(shown, nullptr, parts);
}

bool Attempt::run_at(Value base, Seq seq, const Parts& parts) {
  seq_ = seq;
  before_ = seq;
  Slot& root = tree_.root();
  const Version* version = root.latest(0, before_);
  Value under = version != nullptr ? version->value : base;
  const Seq after = version != nullptr ? version->seq : 0;
  if (!draft::has_parts(model_.kind(under)) || root.is_plain()) {
    return run(under, nullptr, parts);
  }
  Value level = composer_.compose(root, under, after, before_, true);
  if (level == nullptr) return fail();
  model_.own(under);
  places_.push_back({&root, after, under});
  const bool ok = run(level, &places_.back(), parts);
  tree_.trash(level);
  return ok;
}

bool Attempt::run(Value root, Place* place, const Parts& parts) {
  if (parts.recipe == nullptr && parts.then == nullptr && parts.whole == nullptr) {
    if (before_ == kNow) {
      model_.own(root);
      shown_ = root;
    }
    return true;
  }
  Scope scope(model_, true, this);
  Resolver resolver(scope, true);
  Draft* draft = nullptr;
  Value argument = root;
  if (parts.whole == nullptr && !open(scope, root, place, &draft, &argument)) {
    reads_.push_back({&tree_.root(), How::deep});
    return fail();
  }
  if (parts.whole == nullptr && draft == nullptr) {
    reads_.push_back({&tree_.root(), How::deep});
  }
  if (parts.whole != nullptr) {
    write(tree_.root(), parts.whole, {});
    if (parts.then != nullptr && !follow(parts.then)) {
      forget_writes();
      return false;
    }
  } else if (!call(parts, argument, scope, resolver)) {
    if (!read_all(scope)) fail();  // what it saw decides whether it will raise again
    forget_writes();
    return false;
  }
  const bool whole = !writes_.empty();
  Value shown = whole ? writes_.front().value : argument;
  if (!whole && draft != nullptr) {
    const bool built = before_ != kNow || resolver.resolve(draft->face, &shown);
    if (!built || !write_all(*draft, resolver)) fail();
  }
  if (!read_all(scope)) fail();
  if (error_ != nullptr) {
    // Not the recipe raised, but a record refuses what it is to hold: because of what others hold.
    reads_.push_back({&tree_.root(), How::deep});
    forget_writes();
    return false;
  }
  if (before_ == kNow) {
    model_.own(shown);
    shown_ = shown;
  }
  return true;
}

// What recipes get for a value: its draft, if there is anything to edit in it.
bool Attempt::open(Scope& scope, Value value, Place* place, Draft** draft, Value* argument) {
  *argument = value;
  if (!scope.opens(value)) return model_.kind(value) != Kind::leaf || model_.may_be_root(value);
  *draft = scope.open(value, place);
  if (*draft == nullptr) return false;
  *argument = (*draft)->face;
  return (*draft)->kind != Kind::fixed || scope.give(**draft, argument);
}

bool Attempt::call(const Parts& parts, Value argument, Scope& scope, Resolver& resolver) {
  for (const bool following : {false, true}) {
    Value recipe = following ? parts.then : parts.recipe;
    if (recipe == nullptr) continue;
    if (!writes_.empty()) return follow(recipe);
    Value returned = nullptr;
    if (!host_.call(recipe, argument, &returned, &error_)) {
      raised_in_then_ = following;
      return false;
    }
    bool ok = true;
    if (!following && parts.returns) {
      ok = replace_whole(returned, argument, parts, scope, resolver);
    } else if (!following && before_ == kNow) {
      ok = keep_context(returned, scope);
    }
    tree_.trash(returned);
    if (!ok) return false;
  }
  return true;
}

// Drafts in it become what they hold now; the drafts themselves live on.
bool Attempt::keep_context(Value returned, Scope& scope) {
  Value plain = returned;
  Resolver resolver(scope, false);
  if (model_.kind(returned) != Kind::leaf && !resolver.resolve(returned, &plain)) return fail();
  model_.own(plain);
  returned_ = plain;
  return true;
}

bool Attempt::replace_whole(Value returned, Value argument, const Parts& parts, Scope& scope,
                            Resolver& resolver) {
  if (host_.is_nothing(returned) || returned == argument) return true;
  if (scope.edited()) {
    error_ = host_.edited_and_returned(parts.recipe);
    return false;
  }
  Value plain = nullptr;
  if (Draft* draft = scope.draft_of(returned);
      draft != nullptr && draft->scope == &scope && !scope.read_deep(*draft)) {
    return fail();
  }
  if (!resolver.resolve(returned, &plain)) return fail();
  Moves moves;
  if (Draft* root = model_.draft_of(argument); root != nullptr) {
    moves = moves_of_value(*root, nullptr, plain, resolver);
  }
  write(tree_.root(), plain, {}, std::move(moves));
  return true;
}

// `then`, after a server's answer that replaced the whole value: it edits that value, and reads
// nothing else.
bool Attempt::follow(Value recipe) {
  Scope scope(model_, false);
  Resolver resolver(scope, true);
  Value whole = writes_.front().value;
  Value argument = whole;
  Draft* draft = nullptr;
  if (!open(scope, whole, nullptr, &draft, &argument)) return fail();
  Value returned = nullptr;
  if (!host_.call(recipe, argument, &returned, &error_)) {
    raised_in_then_ = true;
    return false;
  }
  tree_.trash(returned);
  if (!resolver.resolve(argument, &whole)) return fail();
  model_.own(whole);
  tree_.trash(std::exchange(writes_.front().value, whole));
  return true;
}

// --- what drafts need of a value that is composed level by level

bool Attempt::child(const Draft& parent, Value key, std::size_t index, Value found, Value* base,
                    void** place) {
  const Place& at = *static_cast<Place*>(parent.place);
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
  places_.push_back({slot, after, found});
  *place = &places_.back();
  return true;
}

Value Attempt::deep(const Draft& draft) {
  const Place& at = *static_cast<Place*>(draft.place);
  return composer_.compose(*at.slot, at.under, at.after, before_, false);
}

}  // namespace halflife::optimistic
