#include "layer_program.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <utility>

namespace halflife::plain {

namespace {

const char* name(LayerStatus status) {
  constexpr const char* kNames[] = {"pending", "conflicted", "confirmed",
                                    "folded",  "superseded", "rolled_back"};
  return kNames[static_cast<std::size_t>(status)];
}

}  // namespace

LayerProgram::LayerProgram(Values& values, Below below, bool always)
    : values_(values),
      below_(std::move(below)),
      layers_(values, random_container(values, below_), always),
      base_(layers_.log.base()),
      present_(base_) {
  tell("base " + Values::show(base_));
  if (below_(8) == 0 && layers_.set_base(layers_.absent)) take_base(layers_.absent);
}

LayerProgram::~LayerProgram() {
  values_.fail_in = -1;
  if (saved_ != 0) layers_.log.release(saved_);
  for (const auto& [value, copy] : handed_out_) {
    EXPECT_TRUE(Values::agree(value, copy, true)) << "a value was changed" << story_;
  }
}

void LayerProgram::run(std::size_t steps) {
  for (std::size_t count = 0; count < steps && !testing::Test::HasFailure(); ++count) {
    step();
    if (!testing::Test::HasFailure()) check();
  }
}

void LayerProgram::run_with_faults(std::size_t steps) {
  faults_ = true;
  for (std::size_t count = 0; count < steps; ++count) {
    values_.fail_in = below_(3) == 0 ? static_cast<long>(below_(60)) : -1;
    step();
    values_.fail_in = -1;
    values_.failed = false;
    values_.faults.clear();
    // With faults the naive log cannot predict results: it takes the entries from core.
    std::erase_if(log_, [](const EntryPointer& entry) {
      return entry->layer->status >= optimistic::LayerStatus::folded;
    });
    for (const EntryPointer& entry : log_) entry->status = entry->layer->status;
  }
}

void LayerProgram::step() {
  const std::size_t choice = below_(42);
  if (interrupts && below_(4) == 0) layers_.interrupt_in = static_cast<long>(below_(4));
  if (choice < 15) {
    enter(false);
  } else if (choice < 18) {
    enter(true);
  } else if (choice < 19) {
    replace();
  } else if (choice < 26) {
    rollback();
  } else if (choice < 30) {
    commit(false, false);
  } else if (choice < 34) {
    commit(below_(2) == 0, true);
  } else if (choice < 36) {
    set_base();
  } else if (choice < 39) {
    edit_base();
  } else if (choice < 40) {
    tell("rollback_all");
    if (!expect_same(!layers_.rollback_all(), true)) return;
    std::erase_if(log_, [&](const EntryPointer& entry) {
      if (!optimistic::is_pending(entry->status)) return false;
      forget(*entry, LayerStatus::rolled_back);
      return true;
    });
    fold_prefix();
  } else if (choice < 41) {
    tell("commit_all");
    if (!expect_same(!layers_.commit_all(), true)) return;
    for (const EntryPointer& entry : log_) entry->status = LayerStatus::confirmed;
    fold_prefix();
  } else if (saved_ == 0) {
    save();
  } else {
    restore();
  }
  layers_.interrupt_in = -1;
}

// --- operations

LayerRecipe LayerProgram::recipe_of(const Script& script) {
  return [this, script](Value argument) {
    DraftEditor editor(values_);
    return run_script(script, editor, argument);
  };
}

void LayerProgram::enter(bool confirmed) {
  auto entry = std::make_shared<Entry>();
  entry->parts.push_back({script_of_now(), confirmed});
  tell((confirmed ? "update " : "apply ") + show(entry->parts.front().script));
  Value before = fold();
  Value now = nullptr;
  const LayerRecipe recipe = recipe_of(entry->parts.front().script);
  entry->layer = confirmed ? layers_.update(recipe) : layers_.apply(recipe);
  const bool ok = faults_ || fold_one(before, *entry, &now);
  if (!expect_same(entry->layer == nullptr, ok)) return;
  log_.push_back(entry);
  if (!confirmed) return;
  entry->status = LayerStatus::confirmed;
  fold_prefix();
}

void LayerProgram::replace() {
  auto entry = std::make_shared<Entry>();
  entry->whole = random_container(values_, below_);
  const bool pending = below_(3) == 0;
  tell((pending ? "put " : "replace ") + Values::show(entry->whole));
  const bool was_absent = is_absent();
  entry->layer = layers_.replace(entry->whole, pending);
  if (!expect_same(entry->layer == nullptr, true)) return;
  if (!pending && was_absent && !faults_) {
    EXPECT_EQ(entry->layer->status, LayerStatus::folded) << story_;
    return take_base(entry->whole);
  }
  if (!pending) entry->status = LayerStatus::confirmed;
  log_.push_back(entry);
  fold_prefix();
}

LayerProgram::EntryPointer LayerProgram::unsettled() {
  std::vector<EntryPointer> some;
  for (const EntryPointer& entry : log_) {
    if (optimistic::is_pending(entry->status)) some.push_back(entry);
  }
  return some.empty() ? nullptr : some[below_(some.size())];
}

void LayerProgram::rollback() {
  const EntryPointer entry = unsettled();
  if (entry == nullptr) return;
  tell("rollback " + std::to_string(entry->layer->seq));
  const bool ok = layers_.rollback(*entry->layer);
  if (!expect_same(!ok, true)) return;
  forget(*entry, LayerStatus::rolled_back);
  log_.erase(std::find(log_.begin(), log_.end(), entry));
  fold_prefix();
}

void LayerProgram::commit(bool server, bool then) {
  const EntryPointer entry = unsettled();
  if (entry == nullptr) return;
  Entry next = *entry;
  LayerRecipe answer;
  LayerRecipe after;
  std::string line = "commit " + std::to_string(entry->layer->seq);
  if (server) {
    next.parts = {{script_of_now(), true}};
    next.whole = nullptr;
    answer = recipe_of(next.parts.front().script);
    line += " server " + show(next.parts.front().script);
  }
  if (then && (!server || below_(2) == 0)) {
    next.parts.push_back({script_of_now()});
    after = recipe_of(next.parts.back().script);
    line += " then " + show(next.parts.back().script);
  }
  tell(line);
  bool works = true;
  if ((answer || after) && !faults_) {
    Value state = base_;
    for (const EntryPointer& other : log_) {
      if (other == entry) break;
      Value now = nullptr;
      if (fold_one(state, *other, &now)) state = now;
    }
    // A conflict of the layer's own recipe does not prevent the recipe that follows it.
    Value now = nullptr;
    works = (!server && !fold_one(state, *entry, &now)) || fold_one(state, next, &now);
  }
  const bool ok = layers_.commit(*entry->layer, answer, after);
  if (!expect_same(!ok, works)) return;
  if (answer || after) {
    entry->parts = next.parts;
    entry->whole = next.whole;
  }
  entry->status = LayerStatus::confirmed;
  fold_prefix();
}

// A random value, or the visible value or the base, with or without an edit.
Value LayerProgram::random_base() {
  if (below_(3) == 0) return random_container(values_, below_);
  if (!is_absent() && below_(3) == 0) return layers_.absent;
  Value base = present(below_(2) == 0 ? layers_.log.visible() : layers_.log.base());
  Entry edit;
  edit.parts.push_back({random_script(values_, below_, base)});
  if (!faults_ && below_(3) != 0 && fold_one(base, edit, &base)) return base;
  return values_.keep(values_.deep_copy(base));
}

void LayerProgram::set_base() {
  Value base = random_base();
  const bool shared = below_(3) != 0;
  tell((shared ? "set_base " : "set_base, as it came, ") + Values::show(base));
  const bool ok = layers_.set_base(base, shared);
  if (!expect_same(!ok, true)) return;
  if (!shared) {
    EXPECT_EQ(layers_.log.base(), base) << story_;
  }
  take_base(base);
}

// The naive log's base.
void LayerProgram::take_base(Value base) {
  base_ = base;
  base_edits_.clear();
  std::erase_if(log_, [&](const EntryPointer& entry) {
    if (entry->status != LayerStatus::confirmed) return false;
    forget(*entry, LayerStatus::superseded);
    return true;
  });
}

void LayerProgram::edit_base() {
  Entry edit;
  edit.parts.push_back({random_script(values_, below_, present(layers_.log.base())), true});
  tell("edit_base " + show(edit.parts.front().script));
  Value now = nullptr;
  const bool works = faults_ || (!is_absent() && fold_one(base_, edit, &now));
  const bool ok = layers_.edit_base(recipe_of(edit.parts.front().script));
  if (!expect_same(!ok, works) || faults_) return;
  BaseEdit kept{edit, base_, {}};
  for (const EntryPointer& entry : log_) {
    if (entry->status == LayerStatus::confirmed) kept.waited.push_back(entry);
  }
  if (!kept.waited.empty()) base_edits_.push_back(kept);
  base_ = now;
}

void LayerProgram::save() {
  tell("save");
  saved_ = layers_.log.save();
  fold();
  saved_state_ = {base_, log_, base_edits_, {}};
  for (const EntryPointer& entry : log_) saved_state_.entries.push_back(*entry);
}

void LayerProgram::restore() {
  tell("restore");
  layers_.log.restore(saved_);
  layers_.log.release(saved_);
  saved_ = 0;
  for (const EntryPointer& entry : log_) entry->status = LayerStatus::rolled_back;
  base_ = saved_state_.base;
  log_ = saved_state_.log;
  base_edits_ = saved_state_.edits;
  for (std::size_t index = 0; index < log_.size(); ++index) {
    *log_[index] = saved_state_.entries[index];
  }
}

// --- the naive log

bool LayerProgram::fold_one(Value before, const Entry& entry, Value* now) {
  if (before == layers_.absent) {
    *now = before;
    return true;
  }
  if (entry.whole != nullptr) before = entry.whole;
  Value state = values_.keep(values_.deep_copy(before));
  try {
    for (const Part& part : entry.parts) {
      PlainEditor editor(values_);
      Value returned = run_script(part.script, editor, state);
      if (part.returns && returned != nullptr) state = editor.fresh(returned);
    }
    if (is_cyclic(state)) throw Raised{"it contains itself"};
  } catch (const Raised&) {
    untie(values_, state);
    return false;
  }
  *now = values_.keep(values_.deep_copy(state));
  return true;
}

Value LayerProgram::fold() {
  Value state = base_;
  if (faults_) return state;
  for (const EntryPointer& entry : log_) {
    Value now = nullptr;
    entry->failing = !fold_one(state, *entry, &now);
    if (optimistic::is_pending(entry->status)) {
      entry->status = entry->failing ? LayerStatus::conflicted : LayerStatus::pending;
    }
    if (!entry->failing) state = now;
  }
  return state;
}

void LayerProgram::forget(Entry& entry, LayerStatus status) {
  entry.status = status;
  entry.parts.clear();
  entry.whole = nullptr;
}

// An edit of the base comes before the first layer that was not confirmed when the edit was made.
void LayerProgram::fold_prefix() {
  if (faults_) return;
  const auto is_confirmed = [](const EntryPointer& entry) {
    return entry->status == LayerStatus::confirmed;
  };
  const auto end = std::find_if_not(log_.begin(), log_.end(), is_confirmed);
  const std::vector<EntryPointer> folding(log_.begin(), end);
  if (folding.empty()) return;
  log_.erase(log_.begin(), end);
  const auto is_in = [](const std::vector<EntryPointer>& entries, const EntryPointer& entry) {
    return std::find(entries.begin(), entries.end(), entry) != entries.end();
  };
  Value state = base_edits_.empty() ? base_ : base_edits_.front().before;
  const auto take = [&](const Entry& entry) {
    Value now = nullptr;
    if (fold_one(state, entry, &now)) state = now;
  };
  std::vector<BaseEdit> left;
  left.swap(base_edits_);
  for (const EntryPointer& entry : folding) {
    for (; !left.empty() && !is_in(left.front().waited, entry); left.erase(left.begin())) {
      take(left.front().edit);
    }
    take(*entry);
    forget(*entry, LayerStatus::folded);
  }
  for (BaseEdit& each : left) {
    each.before = state;
    take(each.edit);
    if (is_in(log_, each.waited.back())) base_edits_.push_back(each);
  }
  base_ = state;
}

// --- comparison

// Whether the operation was done; an interrupted one was not.
bool LayerProgram::expect_same(bool refused, bool ok) {
  if (faults_) return !refused;
  if (refused && layers_.error == "interrupted") {
    tell("... interrupted");
    calls_ = layers_.calls;
    return false;
  }
  EXPECT_EQ(!refused, ok) << layers_.error << story_;
  return ok;
}

void LayerProgram::check() {
  Value expected = fold();
  Value shown = layers_.log.visible();
  EXPECT_EQ(shown == layers_.absent, is_absent()) << story_;
  EXPECT_EQ(base_ == layers_.absent, is_absent()) << story_;
  EXPECT_TRUE(!is_absent() || layers_.calls == calls_) << "a recipe was called" << story_;
  calls_ = layers_.calls;
  EXPECT_TRUE(Values::agree(shown, expected, true))
      << "shows " << Values::show(shown) << "\nnot   " << Values::show(expected) << story_;
  EXPECT_TRUE(Values::agree(layers_.log.base(), base_, true))
      << "base " << layers_.base() << "\nnot  " << Values::show(base_) << story_;
  EXPECT_EQ(layers_.log.size(), log_.size()) << story_;
  std::size_t pending = 0;
  for (const EntryPointer& entry : log_) {
    EXPECT_STREQ(name(entry->layer->status), name(entry->status)) << entry->layer->seq << story_;
    pending += optimistic::is_pending(entry->status) ? 1 : 0;
  }
  EXPECT_EQ(layers_.log.pending(), pending) << story_;
  if (log_.empty()) {
    EXPECT_EQ(shown, layers_.log.base()) << story_;
  }
  if (!is_absent()) present_ = shown;
  values_.own(shown);
  values_.keep(shown);
  handed_out_.emplace_back(shown, values_.keep(values_.deep_copy(shown)));
}

}  // namespace halflife::plain
