// The dirty set and its way to disk.
#pragma once

#include <array>
#include <cstdint>
#include <map>
#include <set>
#include <vector>

#include "effects.hpp"
#include "frame.hpp"

namespace flok {

/// Which pages are dirty, and which batch of them is being committed. A page leaves the set
/// only when its commit is confirmed, and only where nothing newer came meanwhile. So many
/// batches as `limits::batches_under_way` are on their way to storage, which commits them
/// in turn: the next one is put together while one is committed. No page is in two of them,
/// and none whose group has a page in one is in another. A *round* commits what was dirty
/// when it began, in order of namespace and id. Rule: design, section 3, "Page-out".
class pageout {
public:
  pageout(std::uint64_t max_dirty, std::uint64_t batch_bytes, std::vector<effect>& out)
      : max_dirty_{max_dirty}, batch_bytes_{batch_bytes}, out_{out} {}

  /// These frames have changed together: their pages must reach the disk, in one commit.
  /// Begins a round where that crosses the threshold.
  void changed(const std::vector<frame*>& frames);

  /// Begins a round where anything is dirty or being committed, and none is under way.
  void begin();

  /// Answers `request` with `page` once what the frame holds now is on disk, which is seen
  /// to before other pages; or with the failure of a batch. All that wait for it meanwhile
  /// share a commit.
  void durable(frame& f, request_id request, page_ptr page);

  /// Answers `request` with the number of pages committed from now on, batches under way
  /// included, once all that is dirty now is on disk; or with the failure of a batch.
  void request(request_id request);

  /// The result of a commit. Gives the frames that it concerned, which may be clean now.
  std::vector<frame*> committed(ticket call, const expected<void>& result);

  /// Whether the last batch has failed, and none was committed since.
  [[nodiscard]] bool failing() const { return delay_ms_ != 0; }

  /// The time asked for by `arm_retry` is over.
  void retry();

private:
  struct by_key {
    bool operator()(const frame* a, const frame* b) const {
      return a->ns != b->ns ? a->ns < b->ns : a->id() < b->id();
    }
  };
  struct in_batch {
    frame* f;
    std::uint64_t version;
  };
  struct batch {
    ticket call = 0;
    std::vector<in_batch> pages;
    std::size_t bytes = 0;
    bool of_round = false; ///< has a page of the round
    bool awaited = false;  ///< made for those who wait for its pages
    bool told = false;     ///< one that was under way with it has failed, and was reported
  };
  using frame_set = std::set<frame*, by_key>;

  struct waiter {
    request_id request;
    std::uint64_t until_round; ///< answered when that round is over
    std::uint64_t pages;
  };

  /// Someone who wants a frame's version, or a newer one, on disk.
  struct durable_waiter {
    request_id request;
    std::uint64_t version;
    page_ptr page;
  };

  void mark(frame& f);
  static void tie(const std::vector<frame*>& frames);
  [[nodiscard]] frame_set& dirty() { return queues_[next_]; }
  [[nodiscard]] frame_set& round() { return queues_[1U - next_]; }
  void enqueue(frame& f);
  void take(batch& b, frame& f);
  [[nodiscard]] bool add(batch& b, frame& f);
  void send_next();
  [[nodiscard]] batch next_batch();
  void send(batch b);
  [[nodiscard]] bool round_committed() const;
  void satisfy(frame& f, std::uint64_t version);
  void fail_waiters(const error& why);
  static void untie(std::vector<std::shared_ptr<commit_group>> groups);
  void answer(const waiter& w);
  void end_round();
  void fail(const error& why, bool told);

  std::uint64_t max_dirty_;
  std::uint64_t batch_bytes_;
  std::vector<effect>& out_;
  /// What waits for the next round, and what waits for a batch of this one: they change
  /// places when a round begins, so that none of their frames need be touched.
  std::array<frame_set, 2> queues_;
  std::uint8_t next_ = 0;      ///< the one for the next round
  std::vector<batch> batches_; ///< in the order in which they were sent
  ticket round_until_ = 0; ///< the round's last batch so far, or one sent before it began
  std::vector<waiter> waiters_;
  std::map<frame*, std::vector<durable_waiter>, by_key> durable_;
  ticket call_ = 0;
  std::uint64_t version_ = 0;
  std::uint64_t rounds_ = 0; ///< begun so far
  bool under_way_ = false;
  bool armed_ = false;   ///< `retry` will be called
  bool resting_ = false; ///< waits for it: the last batch has failed
  std::uint64_t delay_ms_ = 0;
};

} // namespace flok
