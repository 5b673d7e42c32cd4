#include "testing/memory_store.hpp"

namespace flok::testing {

expected<load_result> memory_store::load(std::string_view ns, std::string_view id) {
  const std::lock_guard lock{mutex_};
  if (load_fault_)
    if (auto ok = load_fault_(); !ok)
      return failure(ok.error());
  load_result result;
  const auto entry = records_.find({std::string{ns}, std::string{id}});
  if (entry == records_.end())
    return result;
  auto record = decode_record(entry->second, id);
  if (record)
    result.found = std::move(*record);
  else
    result.damage = std::string{id} + ": " + record.error().message;
  return result;
}

expected<std::vector<std::string>> memory_store::list(std::string_view ns,
                                                      const id_range& range) {
  const std::lock_guard lock{mutex_};
  if (load_fault_)
    if (auto ok = load_fault_(); !ok)
      return failure(ok.error());
  std::vector<std::string> ids;
  for (const auto& [key, record] : records_)
    if (key.first == ns && range.contains(key.second) && ids.size() < range.limit)
      ids.push_back(key.second);
  return ids;
}

expected<void> memory_store::commit(std::span<const commit_page> pages) {
  const std::lock_guard lock{mutex_};
  if (commit_fault_)
    if (auto ok = commit_fault_(); !ok)
      return ok;
  for (const auto& p : pages) {
    if (!p.page) {
      records_.erase({p.ns, p.id});
      continue;
    }
    auto& record = records_[{p.ns, p.id}];
    record.clear();
    append_record(record, *p.page, p.pending);
  }
  ++commits_;
  return {};
}

void memory_store::on_load(fault f) {
  const std::lock_guard lock{mutex_};
  load_fault_ = std::move(f);
}

void memory_store::on_commit(fault f) {
  const std::lock_guard lock{mutex_};
  commit_fault_ = std::move(f);
}

std::string* memory_store::record(const std::string& ns, const std::string& id) {
  const auto entry = records_.find({ns, id});
  return entry == records_.end() ? nullptr : &entry->second;
}

std::size_t memory_store::size() const {
  const std::lock_guard lock{mutex_};
  return records_.size();
}

std::size_t memory_store::commits() const {
  const std::lock_guard lock{mutex_};
  return commits_;
}

} // namespace flok::testing
