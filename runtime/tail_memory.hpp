// Objects with bytes behind them, in one allocation. Private to pages.
#pragma once

#include <cstddef>
#include <memory>
#include <new>
#include <utility>

namespace flok {

/// An allocator for `std::allocate_shared` that adds room behind what it is asked for. The
/// object is the last thing in there, behind the counts of its owners, so that the room
/// begins where the object ends. It stays as long as a `std::weak_ptr` is left, though the
/// object does not.
template <class T>
class tail_memory {
public:
  using value_type = T;

  explicit tail_memory(std::size_t bytes) : bytes_{bytes} {}
  template <class U>
  tail_memory(const tail_memory<U>& other) : bytes_{other.bytes()} {}

  [[nodiscard]] std::size_t bytes() const { return bytes_; }

  [[nodiscard]] T* allocate(std::size_t count) {
    return static_cast<T*>(::operator new(count * sizeof(T) + bytes_));
  }
  void deallocate(T* at, std::size_t) noexcept { ::operator delete(at); }

  friend bool operator==(const tail_memory&, const tail_memory&) { return true; }

private:
  std::size_t bytes_;
};

/// Makes an object with `bytes` behind it.
template <class T, class... Arguments>
[[nodiscard]] std::shared_ptr<T> make_with_tail(std::size_t bytes,
                                                Arguments&&... arguments) {
  return std::allocate_shared<T>(tail_memory<T>{bytes},
                                 std::forward<Arguments>(arguments)...);
}

} // namespace flok
