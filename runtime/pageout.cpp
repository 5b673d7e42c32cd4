#include "runtime/pageout.hpp"

#include <algorithm>

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
  if (under_way_ || dirty_.empty())
    return;
  under_way_ = true;
  ++rounds_;
  round_ = std::move(dirty_);
  dirty_.clear();
  for (frame* f : round_)
    f->in_round = true;
  send_batch();
}

/// Moves a frame into the batch.
void pageout::take(frame& f) {
  (f.in_round ? round_ : dirty_).erase(&f);
  f.in_round = false;
  f.in_flight = true;
  batch_.push_back({&f, f.version});
}

void pageout::send_batch() {
  std::size_t bytes = 0;
  while (!round_.empty()) {
    const std::vector<frame*> alone{*round_.begin()};
    const auto group = alone.front()->group; // all of it, wherever it waits
    const auto& together = group ? group->members : alone;
    std::size_t more = 0;
    for (const frame* f : together)
      more += f->page->json_bytes_bound();
    if (!batch_.empty() && bytes + more > batch_bytes_)
      break;
    bytes += more;
    for (frame* f : together)
      take(*f);
  }
  std::sort(batch_.begin(), batch_.end(),
            [](const in_batch& a, const in_batch& b) { return by_key{}(a.f, b.f); });
  effects::commit commit;
  commit.call = ++call_;
  commit.pages.reserve(batch_.size());
  for (const auto& [f, version] : batch_)
    commit.pages.push_back({f->ns, *f->id, f->page, f->pending});
  out_.emplace_back(std::move(commit));
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
  untie(std::move(groups));
  if (!result) {
    fail(result.error());
    return frames;
  }
  delay_ms_ = 0;
  for (auto& w : waiters_)
    w.pages += batch.size();
  if (round_.empty())
    end_round();
  else
    send_batch();
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
  for (const auto& w : waiters_)
    if (w.request != 0)
      out_.emplace_back(effects::answer{w.request, why});
  waiters_.clear();
  out_.emplace_back(effects::report{why});
  delay_ms_ = std::clamp(delay_ms_ * 2, first_delay_ms, longest_delay_ms);
  if (!resting_)
    out_.emplace_back(effects::arm_retry{delay_ms_});
  resting_ = true;
}

void pageout::retry() {
  resting_ = false;
  begin();
}

void pageout::request(request_id request) {
  if (!under_way_ && dirty_.empty())
    return answer({request, 0, 0});
  const bool next_too =
      !dirty_.empty() || std::any_of(batch_.begin(), batch_.end(), [](const in_batch& b) {
        return b.f->version != b.version;
      });
  const auto until = under_way_ ? rounds_ + (next_too ? 1 : 0) : rounds_ + 1;
  waiters_.push_back({request, until, 0});
  begin();
}

} // namespace flok
