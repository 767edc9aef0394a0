// A layer run executes a layer's body once and keeps the outcome: the slots it read and the values
// it wrote, or its error. The run may add slots to the tree but changes nothing else; the log
// decides what to do with the outcome.
#pragma once

#include <deque>
#include <unordered_map>
#include <utility>
#include <vector>

#include "../draft/finalizer.hpp"
#include "composer.hpp"

namespace halflife::optimistic {

class LayerRun : public draft::BaseProvider {
 public:
  LayerRun(Tree& tree, Host& host, Seq folded)
      : tree_(tree), host_(host), model_(host.model()), composer_(tree, model_, folded) {}
  ~LayerRun() override;

  // Runs the body on the visible value. Then take_visible() gives the value with the layer's
  // writes, and take_returned() the value that the recipe returned.
  bool run_on(Value visible, Seq seq, const LayerBody& body);
  // Runs the body on the value that the layers older than `seq` make of the base.
  bool run_at(Value base, Seq seq, const LayerBody& body);

  // The caller owns the result; a second call gives null.
  Value take_error() { return std::exchange(error_, nullptr); }
  Value take_returned() { return std::exchange(returned_, nullptr); }
  Value take_visible() { return std::exchange(visible_, nullptr); }
  // Did `then` raise, and not the recipe?
  bool raised_in_then() const { return raised_in_then_; }
  std::vector<Read>& reads() { return reads_; }
  std::vector<Write>& writes() { return writes_; }

  bool nested_base(const draft::Draft& parent, Value key, std::size_t index, Value found,
                   Value* base, void** partial_base) override;
  Value full_base(const draft::Draft& draft) override;

 private:
  // The base of a draft that was composed one level deep; containers in it may be outdated.
  struct PartialBase {
    Slot* slot;
    Seq after;
    Value under;  // owned: what layer `after` left in the slot
  };
  // A draft that is still where it was found, and its slot. write_all() walks down along these.
  struct DraftAtSlot {
    draft::Draft* draft;
    Slot* slot;
    Seq after;
  };
  bool run(Value root, PartialBase* partial, const LayerBody& body);
  bool open(draft::Scope& scope, Value value, PartialBase* partial, draft::Draft** draft,
            Value* argument);
  bool call(const LayerBody& body, Value argument, draft::Scope& scope,
            draft::Finalizer& finalizer);
  bool keep_context(Value returned, draft::Scope& scope);
  bool replace_value(Value returned, Value argument, const LayerBody& body, draft::Scope& scope,
                     draft::Finalizer& finalizer);
  bool run_then(Value recipe);
  bool read_all(const draft::Scope& scope);
  bool read_one(const draft::Draft& draft, Slot& slot);
  void read_kept(Slot& slot, Value value);
  bool write_all(draft::Draft& root, draft::Finalizer& finalizer);
  bool write_keys(const DraftAtSlot& at, draft::Finalizer& finalizer,
                  std::vector<DraftAtSlot>& todo);
  bool write_items(const DraftAtSlot& at, draft::Finalizer& finalizer,
                   std::vector<DraftAtSlot>& todo);
  bool descend(const DraftAtSlot& at, draft::Draft& child, std::vector<DraftAtSlot>& todo);
  bool spelling_of(const Slot& slot, Value key, Value* spelling);
  bool same_spellings(const draft::Draft& draft, bool* same);
  bool is_outdated(const DraftAtSlot& at, Value key, bool* outdated);
  bool write_appended(const DraftAtSlot& at, draft::Finalizer& finalizer);
  void write(Slot& slot, Value value, InsertionOrder insertion, Moves moves = nullptr);
  Moves moves_of_list(const draft::Draft& list, Value now, draft::Finalizer& finalizer);
  Moves moves_of_value(const draft::Draft& parent, Value key, Value now,
                       draft::Finalizer& finalizer);
  const draft::Draft* origin_of(const draft::Scope& scope, Value item, draft::Finalizer& finalizer);
  void forget_writes();
  bool fail();

  Tree& tree_;
  Host& host_;
  draft::Model& model_;
  Composer composer_;
  std::deque<PartialBase> partial_bases_;
  std::vector<Read> reads_;
  std::vector<Write> writes_;
  Value error_ = nullptr;
  Value returned_ = nullptr;
  Value visible_ = nullptr;
  bool raised_in_then_ = false;
  Seq seq_ = 0;
  Seq before_ = kNow;
  std::uint32_t next_order_ = 0;
  // The drafts of list items by their final values; filled by the first origin_of().
  std::unordered_map<Value, const draft::Draft*> origins_;
  bool knows_origins_ = false;
};

}  // namespace halflife::optimistic
