// Checks that each request is answered once, and rightly.
#pragma once

#include <deque>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "tests/sim/truth.hpp"
#include "tests/sim/watcher_checker.hpp"

namespace flok::sim {

struct request {
  enum class kind : std::uint8_t {
    plain, ///< answered at once
    sync_watch,
    read,
    read_sync,
    write,
    edit,
    erase,
    invalidate,
    list,
    page_out,
    drain,
  };
  kind what = kind::plain;
  page_key key = 0;
  unsigned slot = 0;
  page_ptr page{}; ///< of a write
  std::vector<flok::edit> edits{};
  std::optional<std::string> if_hash{};
  bool durable = false;
  id_range range{};
  bool answered = false;
  bool decided = false;      ///< its pager has agreed
  std::uint64_t position{};  ///< what must be on disk, then
  key_mask always{}, ever{}; ///< of a list: what was there all the time, and at any
  std::uint64_t committed{}; ///< of a page-out: pages before
  std::array<std::uint64_t, keys> dirty{}; ///< of a page-out: what must be on disk
};

/// Each request is answered exactly once, with what is right ("answers"): a page as it is,
/// `conflict` with the hash that is there, `durable` only once it is on disk ("durable"),
/// a drain behind all that came before it ("drain"), a page-out behind all that was dirty
/// ("page-out"), a list with what is there ("list").
class answer_checker {
public:
  answer_checker(truth& t, const watcher_checker& watchers)
      : truth_{t}, watchers_{watchers} {}

  /// The request of the next number.
  request_id ask(request r);
  void decided(page_key k, bool agreed);
  /// What was decided just now made that version.
  void decided_at(std::uint64_t position) {
    requests_[truth_.decided - first_].position = position;
  }
  void committed(std::size_t pages) { committed_ += pages; }
  void end_event();
  /// Where nothing is under way: nothing may be unanswered.
  void check_quiet() const;
  /// Where no load, pager or disk has anything to do.
  void check_idle() const;
  void crashed();

  void on(const effects::answer& a);

  [[nodiscard]] const request& at(request_id id) const { return requests_[id - first_]; }
  /// Requests that are not answered, and the drains among them.
  [[nodiscard]] std::size_t unanswered() const { return unanswered_; }
  [[nodiscard]] unsigned drains() const { return drains_; }
  /// The oldest load that is not answered was asked for behind that request.
  void oldest_work(request_id behind) { oldest_work_ = behind; }

private:
  using failure_of = const error*;
  void plain(const request& r, const effects::answer& a) const;
  void read(const request& r, const effects::answer& a) const;
  void write(request_id id, request& r, const effects::answer& a);
  void refused_write(request_id id, const request& r, const error& why) const;
  void list(const request& r, const effects::answer& a) const;
  void page_out(const request& r, const effects::answer& a);
  void drain(request_id id) const;

  truth& truth_;
  const watcher_checker& watchers_;
  std::deque<request> requests_;
  request_id first_ = 1; ///< the number of the first of them
  request_id oldest_work_ = ~request_id{0};
  std::uint64_t committed_ = 0;
  std::size_t unanswered_ = 0;
  unsigned drains_ = 0;
  std::vector<request_id> lists_;
};

} // namespace flok::sim
