// A namespace's frames by their pages' ids. Private to the core.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string_view>
#include <vector>

#include "frame.hpp"
#include "hash_slots.hpp"

namespace flok {

/// Finds frames, and owns them: one stays where it is until it is erased. Frames come from
/// blocks that are used again and given back at the end.
class frame_table {
public:
  /// The frame of that id, or null.
  [[nodiscard]] frame* find(std::string_view id) const;

  struct found {
    frame& f;
    bool is_new; ///< its page, or its id, is to be set before anything else is done
  };
  found at(ns_id ns, std::string_view id);

  /// Forgets a frame, which still has its id.
  void erase(frame& f);

  /// Calls `visit` with each frame, in an order that runs share. It must not erase or add.
  template <class Visit>
  void each(Visit visit) const {
    numbers_.each([&](std::uint32_t number) { visit(frame_of(number)); });
  }

private:
  static constexpr std::size_t block_frames = 256;

  [[nodiscard]] frame* find(std::string_view id, std::uint32_t hash) const;
  [[nodiscard]] frame& frame_of(std::uint32_t number) const {
    return blocks_[(number - 1) / block_frames][(number - 1) % block_frames];
  }
  [[nodiscard]] std::uint32_t new_number();

  hash_slots<std::uint32_t> numbers_; ///< of frames, from 1
  std::vector<std::unique_ptr<frame[]>> blocks_;
  std::vector<std::uint32_t> unused_; ///< numbers of frames that were erased
  std::uint32_t last_number_ = 0;
};

} // namespace flok
