// A list that mostly has one element.
#pragma once

#include <cstddef>
#include <utility>
#include <variant>
#include <vector>

namespace flok {

/// One element, without memory of its own, or a vector of any number of them.
template <class T>
class few {
public:
  few() = default;
  few(T one) : held_{std::move(one)} {}
  few(std::vector<T>&& those) : held_{std::move(those)} {}

  [[nodiscard]] const T* begin() const {
    const auto* many = std::get_if<std::vector<T>>(&held_);
    return many != nullptr ? many->data() : &std::get<T>(held_);
  }
  [[nodiscard]] const T* end() const { return begin() + size(); }
  [[nodiscard]] std::size_t size() const {
    const auto* many = std::get_if<std::vector<T>>(&held_);
    return many != nullptr ? many->size() : 1;
  }
  [[nodiscard]] bool empty() const { return size() == 0; }
  [[nodiscard]] const T& operator[](std::size_t i) const { return begin()[i]; }
  [[nodiscard]] const T& front() const { return *begin(); }

  void push_back(T what) { vector().push_back(std::move(what)); }

private:
  std::vector<T>& vector() {
    if (auto* one = std::get_if<T>(&held_)) {
      T moved = std::move(*one);
      held_.template emplace<std::vector<T>>().push_back(std::move(moved));
    }
    return std::get<std::vector<T>>(held_);
  }

  std::variant<std::vector<T>, T> held_;
};

} // namespace flok
