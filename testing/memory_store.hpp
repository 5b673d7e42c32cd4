// A store in memory that fails when told to: the disk of tests.
#pragma once

#include <functional>
#include <map>
#include <mutex>
#include <string>
#include <utility>

#include "../actors/store.hpp"

namespace flok::testing {

/// Keeps records encoded, as the disk does, so that whatever is read has been through the
/// codec. Any thread may call.
class memory_store final : public store {
public:
  /// Asked before each commit and load; an error makes it fail.
  using fault = std::function<expected<void>()>;

  [[nodiscard]] expected<load_result> load(std::string_view ns,
                                           std::string_view id) override;
  [[nodiscard]] expected<std::vector<std::string>> list(std::string_view ns,
                                                        const id_range& range) override;
  [[nodiscard]] expected<void> commit(std::span<const commit_page> pages) override;

  void on_load(fault f);
  void on_commit(fault f);

  /// The record of a page, to look at or to damage; null if there is none. Not to be used
  /// while actors use the store.
  [[nodiscard]] std::string* record(const std::string& ns, const std::string& id);

  [[nodiscard]] std::size_t size() const;
  [[nodiscard]] std::size_t commits() const;

private:
  mutable std::mutex mutex_;
  std::map<std::pair<std::string, std::string>, std::string> records_;
  std::size_t commits_ = 0;
  fault load_fault_;
  fault commit_fault_;
};

} // namespace flok::testing
