// Everything the engine does is an observable event, so that tests (and people) can ask what
// happened instead of guessing it from values.
#pragma once

namespace halflife {

enum class Event : unsigned char {
  set,
  run,
  settled,
  superseded,
  failed,
  notified,
  mounted,
  unmounted,
};

constexpr const char* name_of(Event event) {
  constexpr const char* names[] = {"set",    "run",      "settled", "superseded",
                                   "failed", "notified", "mounted", "unmounted"};
  return names[static_cast<unsigned>(event)];
}

}  // namespace halflife
