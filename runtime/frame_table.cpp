#include "runtime/frame_table.hpp"

#include "runtime/hash.hpp"

namespace flok {

/// A frame's id is somewhere else in memory; who watches it is fetched meanwhile.
frame* frame_table::find(std::string_view id, std::uint32_t hash) const {
  const auto number = numbers_.find(hash, [&](std::uint32_t n) {
    const frame& f = frame_of(n);
    f.watchers.prefetch();
    return f.id() == id;
  });
  return number == 0 ? nullptr : &frame_of(number);
}

frame* frame_table::find(std::string_view id) const { return find(id, id_hash(id)); }

frame_table::found frame_table::at(ns_id ns, std::string_view id) {
  const auto hash = id_hash(id);
  if (frame* known = find(id, hash))
    return {*known, false};
  const auto number = new_number();
  numbers_.add(hash, number);
  frame& f = frame_of(number);
  f.ns = ns;
  return {f, true};
}

void frame_table::erase(frame& f) {
  const auto hash = id_hash(f.id());
  const auto number =
      numbers_.find(hash, [&](std::uint32_t n) { return &frame_of(n) == &f; });
  numbers_.erase(hash, number);
  unused_.push_back(number);
  f = frame{};
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
