// An attempt is one run of a layer's parts, and what came of it: what was read, what was written,
// or the error. It changes nothing but the tree's set of slots; the log takes what it wants of it.
#pragma once

#include <deque>
#include <unordered_map>
#include <utility>
#include <vector>

#include "../draft/resolver.hpp"
#include "composer.hpp"

namespace halflife::optimistic {

class Attempt : public draft::Source {
 public:
  Attempt(Tree& tree, Host& host, Seq folded)
      : tree_(tree), host_(host), model_(host.model()), composer_(tree, model_, folded) {}
  ~Attempt() override;

  // On the value as it is now; gives the value with the layer's writes, and what its recipe
  // returned.
  bool run_on(Value shown, Seq seq, const Parts& parts);
  // On the value as layer `seq` finds it.
  bool run_at(Value base, Seq seq, const Parts& parts);

  // Owned results; taking one leaves null.
  Value take_error() { return std::exchange(error_, nullptr); }
  Value take_returned() { return std::exchange(returned_, nullptr); }
  Value take_shown() { return std::exchange(shown_, nullptr); }
  // Was it what follows the recipe that raised, not the recipe itself?
  bool raised_in_then() const { return raised_in_then_; }
  std::vector<Read>& reads() { return reads_; }
  std::vector<Write>& writes() { return writes_; }

  bool child(const draft::Draft& parent, Value key, std::size_t index, Value found, Value* base,
             void** place) override;
  Value deep(const draft::Draft& draft) override;

 private:
  struct Place {
    Slot* slot;
    Seq after;
    Value under;  // owned: what it holds since then
  };
  // A draft that is where it was found, on the way down to what was written.
  struct Spot {
    draft::Draft* draft;
    Slot* slot;
    Seq after;
  };
  bool run(Value root, Place* place, const Parts& parts);
  bool open(draft::Scope& scope, Value value, Place* place, draft::Draft** draft, Value* argument);
  bool call(const Parts& parts, Value argument, draft::Scope& scope, draft::Resolver& resolver);
  bool keep_context(Value returned, draft::Scope& scope);
  bool replace_whole(Value returned, Value argument, const Parts& parts, draft::Scope& scope,
                     draft::Resolver& resolver);
  bool follow(Value recipe);
  bool read_all(const draft::Scope& scope);
  bool read_one(const draft::Draft& draft, Slot& slot);
  void note_kept(Slot& slot, Value value);
  bool write_all(draft::Draft& root, draft::Resolver& resolver);
  bool write_keys(const Spot& spot, draft::Resolver& resolver, std::vector<Spot>& todo);
  bool write_items(const Spot& spot, draft::Resolver& resolver, std::vector<Spot>& todo);
  bool descend(const Spot& spot, draft::Draft& child, std::vector<Spot>& todo);
  bool spell(const Slot& slot, Value key, Value* spelling);
  bool same_spellings(const draft::Draft& draft, bool* same);
  bool is_outdated(const Spot& spot, Value key, bool* outdated);
  bool write_appended(const Spot& spot, draft::Resolver& resolver);
  void write(Slot& slot, Value value, Birth birth, Moves moves = nullptr);
  Moves moves_of_list(const draft::Draft& list, Value now, draft::Resolver& resolver);
  Moves moves_of_value(const draft::Draft& parent, Value key, Value now, draft::Resolver& resolver);
  const draft::Draft* origin_of(const draft::Scope& scope, Value item, draft::Resolver& resolver);
  void forget_writes();
  bool fail();

  Tree& tree_;
  Host& host_;
  draft::Model& model_;
  Composer composer_;
  std::deque<Place> places_;
  std::vector<Read> reads_;
  std::vector<Write> writes_;
  Value error_ = nullptr;
  Value returned_ = nullptr;
  Value shown_ = nullptr;
  bool raised_in_then_ = false;
  Seq seq_ = 0;
  Seq before_ = kNow;
  std::uint32_t born_ = 0;
  // What became of the drafts of the items of lists, once it is asked for.
  std::unordered_map<Value, const draft::Draft*> origins_;
  bool knows_origins_ = false;
};

}  // namespace halflife::optimistic
