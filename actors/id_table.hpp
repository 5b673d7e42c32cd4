// Values under numbers that are as good as never given out twice.
#pragma once

#include <cstddef>
#include <cstdint>
#include <utility>
#include <vector>

namespace flok {

/// A number is a value's place in an array and how often the place had been given back:
/// finding is one look, and who still has the number of a value that is gone finds
/// nothing, until the place has been given back 2^32 times. 0 is no value's number. Not for
/// several threads at once.
template <class T>
class id_table {
public:
  std::uint64_t add(T value) {
    if (free_.empty()) {
      free_.push_back(static_cast<std::uint32_t>(places_.size()));
      places_.emplace_back();
    }
    const auto at = free_.back();
    free_.pop_back();
    places_[at].value = std::move(value);
    places_[at].used = true;
    return number(at);
  }

  /// The value, until the next `add`; null where it is gone.
  [[nodiscard]] T* find(std::uint64_t id) {
    const auto at = static_cast<std::uint32_t>(id) - 1U;
    return at < places_.size() && places_[at].used && number(at) == id ? &places_[at].value
                                                                       : nullptr;
  }

  /// Takes out a value that is there.
  T take(std::uint64_t id) {
    const auto at = static_cast<std::uint32_t>(id) - 1U;
    auto& p = places_[at];
    p.used = false;
    ++p.life;
    free_.push_back(at);
    return std::exchange(p.value, T{});
  }

  template <class Visit>
  void for_each(Visit visit) {
    for (auto& p : places_)
      if (p.used)
        visit(p.value);
  }

private:
  struct place {
    T value{};
    std::uint32_t life = 0;
    bool used = false;
  };

  [[nodiscard]] std::uint64_t number(std::uint32_t at) const {
    return (std::uint64_t{places_[at].life} << 32U) | (at + 1U);
  }

  std::vector<place> places_;
  std::vector<std::uint32_t> free_;
};

} // namespace flok
