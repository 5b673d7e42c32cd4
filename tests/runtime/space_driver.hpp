// Drives an address space by hand and tells its effects in words.
#pragma once

#include <deque>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "runtime/address_space.hpp"
#include "tests/runtime/pages.hpp"

namespace flok::testing {

/// An effect in words, such as
///   "w1 w2 <- a=v1 (cache)"     notify; pages as `label` tells them
///   "w1 <- a=v1 b=v1 (pager, pending)"
///   "r3: done", "r3: a=v1", "r3: 7", "r3: no_such_page"
///   "pager: watch a=v1", "pager: watch a", "pager: unwatch a", "pager: read a"
///   "pager: write a=v2 over a=v1", "pager: barrier"
///   "load a", "load a at once", "commit a=v1 b=v2? c=v1", where ? means pending
///   "retry in 100 ms", "report storage_failure"
/// Ids in a namespace other than the first carry its name, as in "other/a".
std::string told(const effect& e, const address_space& space);

address_space_options options_with_storage();
address_space_options options_without_storage();

/// An address space of the namespaces "user" and "other". Requests are numbered from 1 on.
/// Calls to pagers and storage are known by page; the oldest one is meant where there are
/// several.
class space_driver {
public:
  explicit space_driver(address_space_options options = options_with_storage());

  /// What happened since the last call, in words. All but these are only looked at through
  /// the functions below.
  strings effects();

  /// What the last call of `effects` told, as it is.
  [[nodiscard]] const std::vector<effect>& taken() const { return taken_; }

  // -- requests, in the namespace "user" unless told otherwise; each gives its number

  request_id watch(watcher_id w, std::string_view id, bool sync = false, ns_id ns = 0);
  request_id unwatch(watcher_id w, std::string_view id, ns_id ns = 0);
  request_id forget(watcher_id w);
  request_id read(std::string_view id, bool keep = true);
  request_id read_sync(std::string_view id);
  request_id write(const page_ptr& page, write_rule rule = {});
  request_id erase(std::string_view id, write_rule rule = {});
  request_id invalidate(std::string_view id);
  request_id list(id_range range = {});
  request_id edit(std::string_view id, std::string_view edits,
                  std::optional<page_kind> create = std::nullopt);
  request_id page_out();
  request_id drain();

  // -- outcomes

  /// What the disk has of a page: nothing, a page, or trouble. `which` counts the loads of
  /// that page that are under way, from 0.
  void loaded(std::string_view id, page_ptr page = nullptr, bool pending = false,
              std::size_t which = 0);
  void load_failed(std::string_view id);

  void cache(const std::vector<page_ptr>& pages, bool pending = false, ns_id ns = 0);
  /// The pager has done what it was last asked to do with that page.
  void wrote(std::string_view id);
  void listed(std::vector<std::string> ids);
  void refused(std::string_view id, errc code = errc::unsupported);
  void read_done(std::string_view id, const expected<page_ptr>& result);
  void passed();

  void committed();
  void commit_failed();

  // -- short cuts that take all effects away

  /// The page is resident and clean, nobody watches it.
  void given(const page_ptr& page, ns_id ns = 0);
  /// The page is resident, clean and watched by `w`.
  void given_watched(watcher_id w, const page_ptr& page);

  /// Pages that are resident, dirty and so on; of "user", without bytes.
  [[nodiscard]] namespace_stats stats() const { return uncounted_bytes(space.stats(0)); }

  address_space space;

private:
  void note(const effect& e);
  void settle_commits();

  request_id last_request_ = 0;
  std::vector<effect> taken_;
  std::vector<effect> pending_; // taken from the space, not yet told
  std::map<std::string, std::deque<ticket>, std::less<>> loads_, writes_, reads_;
  std::deque<ticket> commits_, barriers_, lists_;

  void pull();
};

} // namespace flok::testing
