// A directory whose writers are killed, one after the other, at random moments.
#pragma once

#include <array>
#include <chrono>
#include <cstdint>
#include <map>
#include <random>
#include <string>

#include "tests/disk/ledger.hpp"
#include "tests/tools/shell_process.hpp"

namespace flok::testing {

/// One data directory and the shells that open it. The seed decides all but the moment of a
/// kill, which the machine has its part in: how much a shell has done by then differs.
class killed_directory {
public:
  /// With `power` its kills cut the power as well.
  enum class with { kill, power };

  explicit killed_directory(std::uint64_t seed, with how = with::kill);

  /// How many shells this seed kills.
  [[nodiscard]] int lives() const { return lives_; }

  /// A shell opens the directory, writes, and is killed; the next one finds nothing wrong,
  /// or the result says what.
  strings live_and_die();

  [[nodiscard]] const std::filesystem::path& data() const { return data_; }

private:
  /// What an op does to pages, beside the op itself.
  struct planned_op {
    json op;
    std::vector<page_change> changes;
  };

  int pick(int below);
  bool one_in(int n) { return pick(n) == 0; }
  void write_config();

  page_key some_key();
  json new_entry();
  json new_page(const page_key& key);
  json edit_array(json& entries);
  json edit_hash(json& entries);
  json some_edit(json& page);
  planned_op plan_write(const page_key& key);
  planned_op plan_edit(const page_key& key);
  planned_op plan_op();

  void send_op(shell_process& shell);
  void send_all(shell_process& shell);
  void send_pageout(shell_process& shell);
  void await_moment(shell_process& shell);
  void note(const json& line);
  void check(shell_process& shell);
  void check_in_new_process();
  void write_and_die(shell_process& shell);

  with how_;
  temp_dir dir_;
  std::filesystem::path config_;
  std::filesystem::path data_ = dir_.path() / "kept";
  std::mt19937_64 rng_;
  ledger book_;
  std::uint64_t op_ = 0;    ///< the last one's number, which is its tag and in its pages
  std::uint64_t entry_ = 0; ///< the last one that was inserted
  int sent_lines_ = 0;      ///< in this life
  strings faults_;

  // What this seed does more or less of.
  int lives_;
  int pages_;         ///< of each namespace
  int entries_;       ///< of a new page, at most
  int filling_;       ///< bytes of an entry, at most
  int ops_;           ///< between page-outs, at most
  int rewrite_odds_;  ///< one in so many ops writes all pages of a namespace
  int edits_in_ten_;  ///< of ten ops
  int longest_delay_; ///< microseconds between the last line read and the kill
};

} // namespace flok::testing
