#include "runtime/pageout.hpp"

#include <algorithm>
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
  if (dirty_.size() >= max_dirty_ && !resting_)
    begin();
}

void pageout::mark(frame& f) {
  f.version = ++version_;
  if (!f.in_flight && !f.in_round)
    dirty_.insert(&f);
}

/// Makes one group of the frames and of all that any of them is tied to already: committing
/// a page without those that changed with it would tear the earlier change.
void pageout::tie(const std::vector<frame*>& frames) {
  std::shared_ptr<commit_group>
      group; // the largest takes in the others: no frame moves often
  for (const frame* f : frames)
    if (f->group && (!group || f->group->members.size() > group->members.size()))
      group = f->group;
  if (!group)
    group = std::make_shared<commit_group>();
  const auto join = [&](frame* f) {
    f->group = group;
    group->members.push_back(f);
  };
  for (frame* f : frames) {
    if (f->group == group)
      continue;
    const auto other = f->group;
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
  if (under_way_ || (dirty_.empty() && batch_.empty()))
    return;
  under_way_ = true;
  ++rounds_;
  round_ = std::move(dirty_);
  dirty_.clear();
  for (frame* f : round_)
    f->in_round = true;
  if (batch_.empty())
    send_next();
}

/// Moves a frame into the batch.
void pageout::take(frame& f) {
  (f.in_round ? round_ : dirty_).erase(&f);
  f.in_round = false;
  f.in_flight = true;
  batch_.push_back({&f, f.version});
}

/// Takes a frame into the batch with all that must be committed together with it; false
/// where they do not fit in.
bool pageout::add_to_batch(frame& f, std::size_t& bytes) {
  const std::vector<frame*> alone{&f};
  const auto group = f.group; // all of it, wherever it waits
  const auto& together = group ? group->members : alone;
  std::size_t more = 0;
  for (const frame* member : together)
    more += member->page ? member->page->json_bytes_bound() : 0;
  if (!batch_.empty() && (bytes + more > batch_bytes_ ||
                          batch_.size() + together.size() > limits::batch_pages))
    return false;
  bytes += more;
  for (frame* member : together)
    take(*member);
  return true;
}

/// What someone waits for goes first, then what is left of the round.
void pageout::send_next() {
  std::size_t bytes = 0;
  for (const auto& [f, waiting] : durable_)
    if (!f->in_flight && !add_to_batch(*f, bytes))
      break;
  if (batch_.empty())
    while (!round_.empty() && add_to_batch(**round_.begin(), bytes))
      continue;
  if (!batch_.empty())
    send_batch();
  else if (under_way_)
    end_round();
}

void pageout::send_batch() {
  std::sort(batch_.begin(), batch_.end(),
            [](const in_batch& a, const in_batch& b) { return by_key{}(a.f, b.f); });
  effects::commit commit;
  commit.call = ++call_;
  commit.pages.reserve(batch_.size());
  for (const auto& [f, version] : batch_)
    commit.pages.push_back({f->ns, *f->id, f->page, f->pending});
  out_.emplace_back(std::move(commit));
}

void pageout::durable(frame& f, request_id request, page_ptr page) {
  if (f.version == 0) {
    if (request != 0)
      out_.emplace_back(effects::answer{request, std::move(page)});
    return;
  }
  durable_[&f].push_back({request, f.version, std::move(page)});
  if (batch_.empty())
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
  if (call != call_ || batch_.empty())
    return frames;
  const auto batch = std::move(batch_);
  batch_.clear();
  std::vector<std::shared_ptr<commit_group>> groups;
  for (const auto& [f, version] : batch) {
    f->in_flight = false;
    frames.push_back(f);
    if (!result || f->version != version) {
      dirty_.insert(f);
      continue;
    }
    f->version = 0;
    if (f->group)
      groups.push_back(std::move(f->group));
  }
  if (result)
    for (const auto& [f, version] : batch)
      satisfy(*f, version);
  untie(std::move(groups));
  if (!result) {
    fail(result.error());
    return frames;
  }
  delay_ms_ = 0;
  resting_ = false;
  for (auto& w : waiters_)
    w.pages += batch.size();
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
    if (w.until_round > rounds_ && !dirty_.empty())
      return false;
    answer(w);
    return true;
  });
  if (!waiters_.empty() || dirty_.size() >= max_dirty_)
    begin();
}

/// All goes back to the dirty set, to be tried again after a while, or when asked to.
void pageout::fail(const error& why) {
  for (frame* f : round_)
    f->in_round = false;
  dirty_.merge(round_);
  round_.clear();
  under_way_ = false;
  fail_waiters(why);
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
  const bool next_too =
      !dirty_.empty() || std::any_of(batch_.begin(), batch_.end(), [](const in_batch& b) {
        return b.f->version != b.version;
      });
  waiters_.push_back({request, rounds_ + (next_too ? 1 : 0), 0});
}

} // namespace flok
