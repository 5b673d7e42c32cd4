// A vector of one word. Private to the core.
#pragma once

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <memory>
#include <type_traits>
#include <utility>

namespace flok {

/// What is mostly empty and there a million times: how many elements there are, and room
/// for how many, stands in front of them. Elements move when it grows. Memory that it has
/// once needed it keeps.
template <class T>
class thin_vector {
  static_assert(std::is_trivially_copyable_v<T> && alignof(T) <= alignof(std::uint64_t));

public:
  thin_vector() = default;
  thin_vector(thin_vector&& other) noexcept
      : block_{std::exchange(other.block_, nullptr)} {}
  thin_vector& operator=(thin_vector&& other) noexcept {
    std::swap(block_, other.block_);
    return *this;
  }
  ~thin_vector() { release(); }

  [[nodiscard]] bool empty() const { return size() == 0; }
  [[nodiscard]] std::size_t size() const { return block_ == nullptr ? 0 : block_->size; }

  [[nodiscard]] T* begin() { return elements(block_); }
  [[nodiscard]] T* end() { return begin() + size(); }
  [[nodiscard]] const T* begin() const { return elements(block_); }
  [[nodiscard]] const T* end() const { return begin() + size(); }
  [[nodiscard]] T& operator[](std::size_t i) { return begin()[i]; }
  [[nodiscard]] const T& operator[](std::size_t i) const { return begin()[i]; }
  [[nodiscard]] T& front() { return *begin(); }
  [[nodiscard]] T& back() { return end()[-1]; }

  /// Begins to fetch its first elements into the processor's cache.
  void prefetch() const { __builtin_prefetch(block_); }

  void push_back(T what) {
    if (block_ == nullptr || block_->size == block_->room)
      grow();
    std::construct_at(begin() + block_->size++, what);
  }

  void pop_back() { --block_->size; }

private:
  struct head {
    std::uint32_t size;
    std::uint32_t room;
  };

  static T* elements(head* block) {
    return block == nullptr ? nullptr : reinterpret_cast<T*>(block + 1);
  }

  void grow() {
    const auto count = static_cast<std::uint32_t>(size());
    const auto room = count == 0 ? 1 : 2 * count;
    auto* larger = static_cast<head*>(::operator new(sizeof(head) + room * sizeof(T)));
    std::construct_at(larger, head{count, room});
    if (count != 0)
      std::memcpy(static_cast<void*>(elements(larger)), begin(), count * sizeof(T));
    release();
    block_ = larger;
  }

  void release() { ::operator delete(std::exchange(block_, nullptr)); }

  head* block_ = nullptr;
};

} // namespace flok
