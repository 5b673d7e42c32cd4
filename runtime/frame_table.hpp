// A namespace's frames by their pages' ids. Private to the core.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string_view>
#include <vector>

#include "frame.hpp"

namespace flok {

/// Finds frames, and owns them: one stays where it is until it is erased. An open-addressed
/// table of numbers of frames, each with a part of its id's hash, so that looking for an
/// id touches no other frame's page, and growing touches none at all. Frames come from
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
    for (const auto& s : slots_)
      if (s.number != 0)
        visit(frame_of(s));
  }

private:
  /// A place of the table; `number` counts frames from 1, and is 0 where there is none.
  struct slot {
    std::uint32_t hash = 0;
    std::uint32_t number = 0;
  };

  static constexpr std::size_t first_slots = 64; ///< a power of two, as all sizes are
  static constexpr std::size_t block_frames = 256;

  static std::uint32_t hash_of(std::string_view id);
  [[nodiscard]] frame* match(slot s, std::uint32_t hash, std::string_view id) const;
  [[nodiscard]] frame& frame_of(slot s) const {
    return blocks_[(s.number - 1) / block_frames][(s.number - 1) % block_frames];
  }
  [[nodiscard]] std::size_t behind(std::size_t place) const {
    return (place + 1) & (slots_.size() - 1);
  }
  [[nodiscard]] std::size_t home_of(slot s) const { return s.hash & (slots_.size() - 1); }
  void put(slot s);
  void grow();
  [[nodiscard]] std::uint32_t new_number();

  std::vector<slot> slots_;
  std::vector<std::unique_ptr<frame[]>> blocks_;
  std::vector<std::uint32_t> unused_; ///< numbers of frames that were erased
  std::size_t size_ = 0;
  std::uint32_t last_number_ = 0;
};

} // namespace flok
