// A store that fails when told to, over one that does not.
#pragma once

#include <atomic>
#include <memory>
#include <string_view>

#include "store.hpp"
#include "store_fault.hpp"

namespace flok {

/// Tries faults on a running system: see the shell's `fault`.
class faulty_store final : public store {
public:
  /// Any thread may change `fault` at any time.
  using switch_ptr = std::shared_ptr<std::atomic<store_fault>>;

  faulty_store(std::unique_ptr<store> below, switch_ptr fault)
      : below_{std::move(below)}, fault_{std::move(fault)} {}

  [[nodiscard]] expected<load_result> load(std::string_view ns,
                                           std::string_view id) override;
  [[nodiscard]] expected<std::vector<std::string>> list(std::string_view ns,
                                                        const id_range& range) override;
  [[nodiscard]] expected<void> commit(std::span<const commit_page> pages) override;

private:
  [[nodiscard]] expected<void> pass(store_fault fails) const;

  std::unique_ptr<store> below_;
  switch_ptr fault_;
};

} // namespace flok
