#include "actors/faulty_store.hpp"

#include <chrono>
#include <thread>

namespace flok {

namespace {

constexpr std::chrono::milliseconds slowness{10};

} // namespace

expected<void> faulty_store::pass(store_fault fails) const {
  const auto now = fault_->load();
  if (now == store_fault::slow)
    std::this_thread::sleep_for(slowness);
  if (now == fails)
    return failure(errc::storage_failure, "the disk fails, as it was told to");
  return {};
}

expected<load_result> faulty_store::load(std::string_view ns, std::string_view id) {
  auto ok = pass(store_fault::read_fails);
  return ok ? below_->load(ns, id) : failure(ok.error());
}

expected<std::vector<std::string>> faulty_store::list(std::string_view ns,
                                                      const id_range& range) {
  auto ok = pass(store_fault::read_fails);
  return ok ? below_->list(ns, range) : failure(ok.error());
}

expected<void> faulty_store::commit(std::span<const commit_page> pages) {
  auto ok = pass(store_fault::commit_fails);
  return ok ? below_->commit(pages) : ok;
}

} // namespace flok
