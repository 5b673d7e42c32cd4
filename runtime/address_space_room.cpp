// The address space's bounds: eviction, writes that wait for room; and its lists.

#include <algorithm>
#include <iterator>
#include <utility>

#include "runtime/address_space.hpp"

namespace flok {

// -- room in the cache --------------------------------------------------------

/// A write goes to the pager, which will cache its page.
void address_space::expect_dirty(frame& f, const page_ptr& page) {
  const bool replaces = f.page && (!storage_ || f.version != 0); // what stays until then
  const std::uint64_t old = replaces ? f.page->memory_bytes() : 0;
  const std::uint64_t now = page ? page->memory_bytes() : 0;
  f.rest->expected = now - std::min(old, now);
  spaces_[f.ns].expected_bytes += f.rest->expected;
  expected_bytes_ += f.rest->expected;
}

/// The pager has cached it, or will not.
void address_space::expected_came(frame& f) {
  const auto came = std::exchange(f.rest->expected, 0);
  spaces_[f.ns].expected_bytes -= came;
  expected_bytes_ -= came;
}

/// Whether a write must wait. So much may be dirty; where that is exceeded in a cache that
/// is all but full, waiting for a commit is better than evicting what is read. Where no
/// commit will help, writes go on until nothing more can be evicted. What is watched may
/// fill the cache, and does not stop writes. Of what pagers are asked to cache each
/// namespace has its part, so that a pager that does not answer is in no other one's way.
bool address_space::crowded(const space& in) const {
  if (max_bytes_ == 0)
    return false;
  if (!storage_)
    return bytes_ + expected_bytes_ > max_bytes_;
  const std::uint64_t expected = in.expected_bytes * spaces_.size();
  const std::uint64_t allowed = max_bytes_ / limits::dirty_part;
  return dirty_bytes_ + expected > allowed &&
         bytes_ + expected > (pageout_.failing() ? max_bytes_ : max_bytes_ - allowed);
}

/// Lets the frame's first write wait where there is no room for it, or refuses it where
/// none can be made. What removes a page needs none. True where the frame cannot go on.
bool address_space::stall(frame& f) {
  auto& a = *f.rest;
  if (a.stalled)
    return true;
  const auto what = a.writes.front().what;
  if (what == write_op::kind::erase || what == write_op::kind::invalidate ||
      !crowded(spaces_[f.ns]))
    return false;
  if (!storage_) {
    refuse_writes(f, {errc::storage_failure, "the cache is full, and nothing is kept"});
    return true;
  }
  if (pageout_.failing()) {
    refuse_writes(f,
                  {errc::storage_failure, "the cache is full of what cannot be committed"});
    return true;
  }
  a.stalled = true;
  spaces_[f.ns].stalled.push_back(&f);
  pageout_.begin();
  return true;
}

/// Gives up what was not used for the longest time, until the rest fits.
void address_space::make_room() {
  if (max_bytes_ == 0)
    return;
  evict();
  resume_stalled();
  evict(); // a write that was refused leaves a page that nothing needs
}

void address_space::evict() {
  while (storage_ && bytes_ > max_bytes_ && evictable_.oldest() != nullptr) {
    frame& f = *evictable_.oldest();
    ++spaces_[f.ns].meters->evicted;
    give_up(f);
  }
}

/// A page that nothing needs is resident no longer.
void address_space::give_up(frame& f) {
  drop_resident(f);
  settle(f);
}

/// Lets writes go on that waited for room, in each namespace first come, first served.
void address_space::resume_stalled() {
  for (auto& s : spaces_) {
    while (!s.stalled.empty() && !crowded(s)) {
      frame& f = *s.stalled.front();
      s.stalled.pop_front();
      f.rest->stalled = false;
      pump(f);
      settle(f);
    }
    if (!s.stalled.empty() && !pageout_.failing())
      pageout_.begin(); // where none is under way, nothing else would make room
  }
}

/// Begins a page-out once half of what may be dirty is.
void address_space::page_out_if_due() {
  if (max_bytes_ != 0 && dirty_bytes_ > max_bytes_ / limits::dirty_part / 2 &&
      !pageout_.failing())
    pageout_.begin();
}

// -- lists --------------------------------------------------------------------

namespace {

/// The first ids of many, whatever order they come in; memory grows with the limit alone.
class first_ids {
public:
  explicit first_ids(std::uint64_t limit) : limit_{limit} {}

  void add(std::string_view id) {
    if (bounded_ && id >= bound_)
      return;
    ids_.emplace_back(id);
    if (ids_.size() / 2 < limit_ || ids_.size() < fewest)
      return;
    cut();
  }

  [[nodiscard]] std::vector<std::string> take() {
    if (ids_.size() > limit_)
      cut();
    return std::move(ids_);
  }

private:
  static constexpr std::size_t fewest = 64;

  void cut() {
    if (limit_ == 0)
      return ids_.clear();
    const auto last = ids_.begin() + static_cast<std::ptrdiff_t>(limit_ - 1);
    std::nth_element(ids_.begin(), last, ids_.end());
    ids_.erase(last + 1, ids_.end());
    bound_ = ids_.back();
    bounded_ = true;
  }

  std::uint64_t limit_;
  std::vector<std::string> ids_;
  std::string bound_; ///< no id from this on is among the first
  bool bounded_ = false;
};

/// The first ids of a range, sorted: those of `a` and of `b`, but none of `without`.
std::vector<std::string> merged(std::vector<std::string> a, std::vector<std::string> b,
                                std::vector<std::string> without, std::uint64_t limit) {
  for (auto* ids : {&a, &b, &without})
    std::sort(ids->begin(), ids->end());
  std::vector<std::string> both, left;
  std::set_union(std::make_move_iterator(a.begin()), std::make_move_iterator(a.end()),
                 std::make_move_iterator(b.begin()), std::make_move_iterator(b.end()),
                 std::back_inserter(both));
  std::set_difference(std::make_move_iterator(both.begin()),
                      std::make_move_iterator(both.end()), without.begin(), without.end(),
                      std::back_inserter(left));
  if (left.size() > limit)
    left.resize(limit);
  return left;
}

} // namespace

void address_space::list(request_id request, ns_id ns, id_range range) {
  list_call call{request, range.limit, {}, {}, work_.begin()};
  first_ids resident{range.limit};
  spaces_[ns].frames.each([&](const frame& f) {
    const auto id = f.id();
    if (!range.contains(id))
      return;
    if (f.page)
      resident.add(id);
    else if (f.absent)
      call.gone.emplace_back(id);
  });
  call.resident = resident.take();
  const ticket number = ++next_ticket_;
  // Of those on disk, some are gone: as many more must be asked for.
  range.limit += std::min<std::uint64_t>(
      call.gone.size(), std::numeric_limits<std::uint64_t>::max() - range.limit);
  lists_.emplace(number, std::move(call));
  if (storage_)
    out_.emplace_back(effects::list{ns, number, std::move(range)});
  else
    listed(number, {});
}

void address_space::listed(ticket call, const expected<std::vector<std::string>>& result) {
  const auto entry = lists_.find(call);
  if (entry == lists_.end())
    return;
  auto l = std::move(entry->second);
  lists_.erase(entry);
  work_.end(l.since);
  if (result)
    answer(l.request, merged(std::move(l.resident), *result, std::move(l.gone), l.limit));
  else
    answer(l.request, result.error());
  advance_drains();
}

} // namespace flok
