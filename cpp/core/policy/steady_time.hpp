// Steady time: a clock's time made monotonic. A policy measures how long something lasts, so a
// clock that is set back must neither lengthen a period nor make its length negative. Steady time
// stands still at the moment at which the clock goes back, and then proceeds as the clock does.
#pragma once

namespace halflife::policy {

// Seconds on a clock, from some fixed moment.
using Moment = double;

class SteadyTime {
 public:
  // The steady time at the clock's time `now`. Never less than an earlier result.
  Moment at(Moment now) {
    const Moment steady = now + shift_;
    if (steady >= last_ || !started_) {
      started_ = true;
      last_ = steady;
    } else {
      shift_ = last_ - now;
    }
    return last_;
  }

  // The clock's time at a steady time: what to tell users, who know only their clock.
  Moment on_clock(Moment steady) const { return steady - shift_; }

  // From now on the times of another clock are given: `now` there is the same moment as the latest
  // one given before.
  void change_clock(Moment now) {
    if (started_) shift_ = last_ - now;
  }

 private:
  Moment shift_ = 0;  // from the clock's time to the steady time
  Moment last_ = 0;
  bool started_ = false;
};

}  // namespace halflife::policy
