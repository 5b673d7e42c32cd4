// What values are found by. Private to flok.
#pragma once

#include <cstddef>
#include <cstdint>
#include <utility>
#include <vector>

namespace flok {

/// An open-addressed table of small values, such as pointers or numbers, each with a part
/// of its key's hash: looking for a key touches the values of hardly any other one, growing
/// and erasing touch none. The keys are wherever the values lead. `Value{}` is no value.
template <class Value>
class hash_slots {
public:
  [[nodiscard]] std::size_t size() const { return size_; }

  /// The value with that hash that `same` says is the one, or `Value{}`.
  template <class Same>
  [[nodiscard]] Value find(std::uint32_t hash, Same same) const {
    if (!slots_.empty())
      for (auto at = home(hash); slots_[at].value != Value{}; at = behind(at))
        if (slots_[at].hash == hash && same(slots_[at].value))
          return slots_[at].value;
    return {};
  }

  /// Where a value of that hash would be looked for first: to be prefetched, by a caller
  /// that looks for many. (A function that only prefetches has no effect in GCC's eyes,
  /// which then drops its calls.)
  [[nodiscard]] const void* place_of(std::uint32_t hash) const {
    return slots_.empty() ? nullptr : &slots_[home(hash)];
  }

  /// Adds a value whose key is not there.
  void add(std::uint32_t hash, Value value) {
    if (4 * (size_ + 1) > 3 * slots_.size())
      grow();
    put({hash, value});
    ++size_;
  }

  /// Erases a value that is there. Closes the gap: what stands behind it, as far as no
  /// empty place, moves up where that brings it no further from home than it may be.
  void erase(std::uint32_t hash, Value value) {
    auto gap = home(hash);
    while (slots_[gap].value != value)
      gap = behind(gap);
    --size_;
    const auto mask = slots_.size() - 1;
    for (auto at = behind(gap); slots_[at].value != Value{}; at = behind(at))
      if (((at - home(slots_[at].hash)) & mask) >= ((at - gap) & mask))
        slots_[std::exchange(gap, at)] = slots_[at];
    slots_[gap] = {};
  }

  /// Calls `visit` with each value, in an order that runs share. It must not erase or add.
  template <class Visit>
  void each(Visit visit) const {
    for (const auto& s : slots_)
      if (s.value != Value{})
        visit(s.value);
  }

private:
  struct slot {
    std::uint32_t hash = 0;
    Value value{};
  };

  static constexpr std::size_t first_slots = 4; ///< a power of two, as all sizes are

  [[nodiscard]] std::size_t home(std::uint32_t hash) const {
    return hash & (slots_.size() - 1);
  }
  [[nodiscard]] std::size_t behind(std::size_t place) const {
    return (place + 1) & (slots_.size() - 1);
  }

  void put(slot s) {
    auto place = home(s.hash);
    while (slots_[place].value != Value{})
      place = behind(place);
    slots_[place] = s;
  }

  void grow() {
    const auto old = std::exchange(
        slots_, std::vector<slot>(slots_.empty() ? first_slots : 2 * slots_.size()));
    for (const auto& s : old)
      if (s.value != Value{})
        put(s);
  }

  std::vector<slot> slots_;
  std::size_t size_ = 0;
};

} // namespace flok
