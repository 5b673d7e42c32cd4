#include "runtime/pageout.hpp"

#include <algorithm>
#include <span>
#include <utility>

#include "runtime/limits.hpp"

namespace flok {

namespace {

constexpr std::uint64_t first_delay_ms = 100;
constexpr std::uint64_t longest_delay_ms = 30'000;

} // namespace

void pageout::changed(const std::vector<frame*>& frames) {
  for (frame* f : frames)
    mark(*f);
  if (frames.size() > 1)
    tie(frames);
  if (dirty().size() >= max_dirty_ && !resting_)
    begin();
}

void pageout::mark(frame& f) {
  f.version = ++version_;
  if (!f.in_flight && f.queue == 0)
    enqueue(f);
}

/// Lets a frame wait for the next round.
void pageout::enqueue(frame& f) {
  auto& queue = dirty();
  if (queue.empty() || by_key{}(*queue.rbegin(), &f)) // as in an import: needs no search
    queue.insert(queue.end(), &f);
  else
    queue.insert(&f);
  f.queue = static_cast<std::uint8_t>(next_ + 1U);
}

/// Makes one group of the frames and of all that any of them is tied to already: committing
/// a page without those that changed with it would tear the earlier change.
void pageout::tie(const std::vector<frame*>& frames) {
  std::shared_ptr<commit_group>
      group; // the largest takes in the others: no frame moves often
  for (const frame* f : frames)
    if (f->group() && (!group || f->group()->members.size() > group->members.size()))
      group = f->group();
  if (!group)
    group = std::make_shared<commit_group>();
  const auto join = [&](frame* f) {
    f->active().group = group;
    group->members.push_back(f);
  };
  for (frame* f : frames) {
    if (f->group() == group)
      continue;
    const auto other = f->group();
    if (!other)
      join(f);
    else
      std::for_each(other->members.begin(), other->members.end(), join);
  }
}

/// Takes clean frames out of their groups.
void pageout::untie(std::vector<std::shared_ptr<commit_group>> groups) {
  std::sort(groups.begin(), groups.end());
  groups.erase(std::unique(groups.begin(), groups.end()), groups.end());
  for (const auto& group : groups)
    std::erase_if(group->members, [](const frame* f) { return f->version == 0; });
}

void pageout::begin() {
  if (under_way_ || (dirty().empty() && batches_.empty()))
    return;
  under_way_ = true;
  ++rounds_;
  next_ = static_cast<std::uint8_t>(1U - next_);
  round_until_ = call_;
  send_next();
}

/// Moves a frame into a batch.
void pageout::take(batch& b, frame& f) {
  auto& queue = queues_[f.queue - 1U];
  if (*queue.begin() == &f) // mostly: needs no search
    queue.erase(queue.begin());
  else
    queue.erase(&f);
  b.of_round = b.of_round || &queue == &round();
  f.queue = 0;
  f.in_flight = true;
  b.pages.push_back({&f, f.version});
}

/// Takes a frame into the batch with all that must be committed together with it; false
/// where they do not fit in, or one of them is being committed.
bool pageout::add(batch& b, frame& f) {
  frame* const alone = &f;
  const auto group = f.group(); // all of it, wherever it waits
  const std::span<frame* const> together =
      group ? std::span<frame* const>{group->members} : std::span<frame* const>{&alone, 1};
  std::size_t more = 0;
  for (const frame* member : together) {
    if (member->in_flight)
      return false;
    more += member->page ? member->page->json_bytes_bound() : 0;
  }
  if (!b.pages.empty() && (b.bytes + more > batch_bytes_ ||
                           b.pages.size() + together.size() > limits::batch_pages))
    return false;
  b.bytes += more;
  for (frame* member : together)
    take(b, *member);
  return true;
}

/// What someone waits for goes first, one batch at a time, so that all that wait meanwhile
/// share the next; then what is left of the round.
pageout::batch pageout::next_batch() {
  batch b;
  if (std::none_of(batches_.begin(), batches_.end(),
                   [](const batch& sent) { return sent.awaited; }))
    for (const auto& [f, waiting] : durable_)
      if (!f->in_flight && !add(b, *f))
        break;
  b.awaited = !b.pages.empty();
  if (!b.awaited)
    while (!round().empty() && add(b, **round().begin()))
      continue;
  return b;
}

void pageout::send_next() {
  while (batches_.size() < limits::batches_under_way) {
    batch b = next_batch();
    if (b.pages.empty())
      break;
    send(std::move(b));
  }
  if (under_way_ && round_committed())
    end_round();
}

/// Whether nothing of the round is left, nor of what was being committed when it began.
bool pageout::round_committed() const {
  return queues_[1U - next_].empty() &&
         std::none_of(batches_.begin(), batches_.end(),
                      [&](const batch& b) { return b.call <= round_until_; });
}

void pageout::send(batch b) {
  const auto before = [](const in_batch& x, const in_batch& y) {
    return by_key{}(x.f, y.f);
  };
  if (!std::is_sorted(b.pages.begin(), b.pages.end(), before)) // a round's mostly is
    std::sort(b.pages.begin(), b.pages.end(), before);
  b.call = ++call_;
  if (b.of_round)
    round_until_ = b.call;
  effects::commit commit;
  commit.call = b.call;
  commit.pages.reserve(b.pages.size());
  for (const auto& [f, version] : b.pages)
    commit.pages.push_back({f->ns, std::string{f->id()}, f->page, f->pending});
  out_.emplace_back(std::move(commit));
  batches_.push_back(std::move(b));
}

void pageout::durable(frame& f, request_id request, page_ptr page) {
  if (f.version == 0) {
    if (request != 0)
      out_.emplace_back(effects::answer{request, std::move(page)});
    return;
  }
  durable_[&f].push_back({request, f.version, std::move(page)});
  send_next();
}

/// A version of the frame is on disk.
void pageout::satisfy(frame& f, std::uint64_t version) {
  const auto entry = durable_.find(&f);
  if (entry == durable_.end())
    return;
  std::erase_if(entry->second, [&](durable_waiter& w) {
    if (w.version > version)
      return false;
    if (w.request != 0)
      out_.emplace_back(effects::answer{w.request, std::move(w.page)});
    return true;
  });
  if (entry->second.empty())
    durable_.erase(entry);
}

std::vector<frame*> pageout::committed(ticket call, const expected<void>& result) {
  std::vector<frame*> frames;
  const auto entry = std::find_if(batches_.begin(), batches_.end(),
                                  [&](const batch& b) { return b.call == call; });
  if (entry == batches_.end())
    return frames;
  const batch done = std::move(*entry);
  batches_.erase(entry);
  frames.reserve(done.pages.size());
  std::vector<std::shared_ptr<commit_group>> groups;
  for (const auto& [f, version] : done.pages) {
    f->in_flight = false;
    frames.push_back(f);
    if (!result || f->version != version) {
      enqueue(*f);
      continue;
    }
    f->version = 0;
    if (f->group())
      groups.push_back(std::move(f->rest->group));
  }
  if (result && !durable_.empty())
    for (const auto& [f, version] : done.pages)
      satisfy(*f, version);
  untie(std::move(groups));
  if (!result) {
    fail(result.error(), done.told);
    return frames;
  }
  delay_ms_ = 0;
  resting_ = false;
  for (auto& w : waiters_)
    w.pages += done.pages.size();
  send_next();
  return frames;
}

void pageout::answer(const waiter& w) {
  if (w.request != 0)
    out_.emplace_back(effects::answer{w.request, w.pages});
}

void pageout::end_round() {
  under_way_ = false;
  std::erase_if(waiters_, [&](const waiter& w) {
    if (w.until_round > rounds_ && !(dirty().empty() && batches_.empty()))
      return false;
    answer(w);
    return true;
  });
  if (!waiters_.empty() || dirty().size() >= max_dirty_)
    begin();
}

/// All goes back to the dirty set, to be tried again after a while, or when asked to. A
/// batch that follows the one that failed goes its own way, but where it fails as well that
/// is no news.
void pageout::fail(const error& why, bool told) {
  for (frame* f : std::exchange(round(), {}))
    enqueue(*f);
  under_way_ = false;
  fail_waiters(why);
  for (auto& b : batches_)
    b.told = true;
  if (!told)
    out_.emplace_back(effects::report{why});
  delay_ms_ = std::clamp(delay_ms_ * 2, first_delay_ms, longest_delay_ms);
  resting_ = true;
  if (!std::exchange(armed_, true))
    out_.emplace_back(effects::arm_retry{delay_ms_});
}

void pageout::fail_waiters(const error& why) {
  for (const auto& w : std::exchange(waiters_, {}))
    if (w.request != 0)
      out_.emplace_back(effects::answer{w.request, why});
  for (const auto& [f, waiting] : std::exchange(durable_, {}))
    for (const auto& w : waiting)
      if (w.request != 0)
        out_.emplace_back(effects::answer{w.request, why});
}

void pageout::retry() {
  armed_ = resting_ = false;
  begin();
}

void pageout::request(request_id request) {
  begin();
  if (!under_way_)
    return answer({request, 0, 0});
  round_until_ = call_; // also batches that were sent for someone else
  const bool next_too =
      !dirty().empty() || std::any_of(batches_.begin(), batches_.end(), [](const batch& b) {
        return std::any_of(b.pages.begin(), b.pages.end(),
                           [](const in_batch& p) { return p.f->version != p.version; });
      });
  waiters_.push_back({request, rounds_ + (next_too ? 1 : 0), 0});
}

} // namespace flok
