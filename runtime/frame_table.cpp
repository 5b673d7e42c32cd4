#include "runtime/frame_table.hpp"

#include <utility>

#include "runtime/hash.hpp"

namespace flok {

std::uint32_t frame_table::hash_of(std::string_view id) {
  return static_cast<std::uint32_t>(xxh3(id));
}

/// The slot's frame where it is the one of that id, else null. Its id is somewhere else in
/// memory; who watches is fetched meanwhile.
frame* frame_table::match(slot s, std::uint32_t hash, std::string_view id) const {
  if (s.hash != hash)
    return nullptr;
  frame& f = frame_of(s);
  f.watchers.prefetch();
  return f.id() == id ? &f : nullptr;
}

frame* frame_table::find(std::string_view id) const {
  if (slots_.empty())
    return nullptr;
  const auto hash = hash_of(id);
  for (auto place = home_of({hash, 0}); slots_[place].number != 0; place = behind(place))
    if (frame* f = match(slots_[place], hash, id))
      return f;
  return nullptr;
}

frame_table::found frame_table::at(ns_id ns, std::string_view id) {
  if (4 * (size_ + 1) > 3 * slots_.size())
    grow();
  const auto hash = hash_of(id);
  auto place = home_of({hash, 0});
  for (; slots_[place].number != 0; place = behind(place))
    if (frame* known = match(slots_[place], hash, id))
      return {*known, false};
  slots_[place] = {hash, new_number()};
  ++size_;
  frame& f = frame_of(slots_[place]);
  f.ns = ns;
  return {f, true};
}

/// Closes the gap: what stands behind it, as far as no empty place, moves up where that
/// brings it no further from home than it may be.
void frame_table::erase(frame& f) {
  auto gap = home_of({hash_of(f.id()), 0});
  while (slots_[gap].number == 0 || &frame_of(slots_[gap]) != &f)
    gap = behind(gap);
  unused_.push_back(slots_[gap].number);
  f = frame{};
  --size_;
  const auto mask = slots_.size() - 1;
  for (auto at = behind(gap); slots_[at].number != 0; at = behind(at))
    if (((at - home_of(slots_[at])) & mask) >= ((at - gap) & mask))
      slots_[std::exchange(gap, at)] = slots_[at];
  slots_[gap] = {};
}

void frame_table::put(slot s) {
  auto place = home_of(s);
  while (slots_[place].number != 0)
    place = behind(place);
  slots_[place] = s;
}

void frame_table::grow() {
  const auto old = std::exchange(
      slots_, std::vector<slot>(slots_.empty() ? first_slots : 2 * slots_.size()));
  for (const auto& s : old)
    if (s.number != 0)
      put(s);
}

std::uint32_t frame_table::new_number() {
  if (!unused_.empty()) {
    const auto number = unused_.back();
    unused_.pop_back();
    return number;
  }
  if (last_number_ % block_frames == 0)
    blocks_.push_back(std::make_unique<frame[]>(block_frames));
  return ++last_number_;
}

} // namespace flok
