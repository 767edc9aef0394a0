// The event log tells the host what happens to which atom, while somebody records it.
#pragma once

#include "host.hpp"

namespace halflife::graph {

class EventLog {
 public:
  explicit EventLog(Host& host) : host_(host) {}

  void record(Event event, const Node& node) {
    if (on_) [[unlikely]]
      host_.event(event, node);
  }
  bool on() const { return on_; }
  void set(bool on) { on_ = on; }

 private:
  Host& host_;
  bool on_ = false;  // what the host asked for last, by Store::set_logging
};

}  // namespace halflife::graph
