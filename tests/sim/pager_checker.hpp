// Checks what pagers are told.
#pragma once

#include "tests/sim/answer_checker.hpp"
#include "tests/sim/truth.hpp"

namespace flok::sim {

/// In one life of a pager it hears exactly one `watch` between two `unwatch`es, the first
/// watcher's and the last one's, and with it the page as it is ("pager"). One write for
/// each page is with it at a time, in order, and tells what it replaces; nothing is handed
/// over that its rule forbids ("writes"). While it is away it hears nothing.
class pager_checker {
public:
  pager_checker(truth& t, const answer_checker& answers) : truth_{t}, answers_{answers} {}

  void lost(ns_id ns);

  void on(const effects::pager_watch& e);
  void on(const effects::pager_unwatch& e);
  void on(const effects::pager_write& e);
  void on(const effects::pager_delete& e);
  void on(const effects::pager_invalidate& e);
  void on(const effects::pager_read& e);
  void on(const effects::pager_barrier& e) const;
  void end_event() const;

private:
  const request& hand_over(page_key k, request::kind what);
  [[nodiscard]] page_ptr meant(const request& r, const page_truth& p) const;

  truth& truth_;
  const answer_checker& answers_;
};

} // namespace flok::sim
