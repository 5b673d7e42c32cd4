// How the messages of messages.hpp are written and read, and their type ids. Included by
// it.
#pragma once

#include "caf_inspect.hpp"

namespace flok {

// -- parts of messages --------------------------------------------------------

/// A page is written as its JSON, an empty text where there is none, and validated when
/// read.
template <class Inspector>
inspection<Inspector> inspect(Inspector& f, page_ptr& x) {
  std::string text = x ? x->json() : std::string{};
  return inspect_as(f, text, [&] {
    auto page = text.empty() ? expected<page_ptr>{nullptr} : decode_page(text);
    if (page)
      x = std::move(*page);
    return page.has_value();
  });
}

template <class Inspector>
inspection<Inspector> inspect(Inspector& f, error& x) {
  auto code = static_cast<std::uint8_t>(x.code);
  const auto restore = [&] {
    x.code = static_cast<errc>(code);
    return code < errc_count;
  };
  return inspect_checked(f, "error", restore, code, x.message, x.hash);
}

template <class Inspector>
inspection<Inspector> inspect(Inspector& f, namespace_stats& x) {
  return inspect_fields(f, "namespace_stats", x.pages, x.dirty, x.watched, x.watchers,
                        x.loads, x.bytes, x.evicted, x.merged);
}

template <class Inspector>
inspection<Inspector> inspect(Inspector& f, write_rule& x) {
  bool conditional = x.if_hash.has_value();
  std::string hash = x.if_hash.value_or(std::string{});
  const auto restore = [&] {
    x.if_hash = conditional ? std::optional{hash} : std::nullopt;
    return conditional || hash.empty();
  };
  return inspect_checked(f, "write_rule", restore, conditional, hash, x.durable);
}

template <class Inspector>
inspection<Inspector> inspect(Inspector& f, id_range& x) {
  return inspect_fields(f, "id_range", x.prefix, x.after, x.limit);
}

inline bool none_missing(const std::vector<page_ptr>& pages) {
  return std::find(pages.begin(), pages.end(), nullptr) == pages.end();
}

// -- messages -----------------------------------------------------------------

template <class Inspector>
inspection<Inspector> inspect(Inspector& f, read_res& x) {
  auto why = static_cast<std::uint8_t>(x.why);
  std::vector<page_ptr> pages{x.pages.begin(), x.pages.end()};
  const auto restore = [&] {
    if (why > static_cast<std::uint8_t>(origin::pager) || pages.empty() ||
        !none_missing(pages))
      return false;
    x.why = static_cast<origin>(why);
    x.pages = page_list{pages};
    return true;
  };
  return inspect_checked(f, "read_res", restore, x.ns, pages, why, x.pending);
}

template <class Inspector>
inspection<Inspector> inspect(Inspector& f, removed& x) {
  auto how = static_cast<std::uint8_t>(x.how);
  const auto restore = [&] {
    x.how = static_cast<removal>(how);
    return how <= static_cast<std::uint8_t>(removal::invalidated);
  };
  return inspect_checked(f, "removed", restore, x.ns, x.id, how);
}

template <class Inspector>
inspection<Inspector> inspect(Inspector& f, problem& x) {
  return inspect_fields(f, "problem", x.what);
}

template <class Inspector>
inspection<Inspector> inspect(Inspector& f, done&) {
  return inspect_fields(f, "done");
}

template <class Inspector>
inspection<Inspector> inspect(Inspector& f, page_reply& x) {
  const auto restore = [&] { return x.page != nullptr; };
  return inspect_checked(f, "page_reply", restore, x.page, x.pending);
}

template <class Inspector>
inspection<Inspector> inspect(Inspector& f, written& x) {
  const auto restore = [&] { return x.page != nullptr; };
  return inspect_checked(f, "written", restore, x.page);
}

template <class Inspector>
inspection<Inspector> inspect(Inspector& f, pageout_reply& x) {
  return inspect_fields(f, "pageout_reply", x.pages);
}

template <class Inspector>
inspection<Inspector> inspect(Inspector& f, stats_reply::entry& x) {
  return inspect_fields(f, "stats_entry", x.ns, x.counts);
}

template <class Inspector>
inspection<Inspector> inspect(Inspector& f, stats_reply& x) {
  return inspect_fields(f, "stats_reply", x.namespaces);
}

template <class Inspector>
inspection<Inspector> inspect(Inspector& f, cache_write& x) {
  const auto restore = [&] { return none_missing(x.pages); };
  return inspect_checked(f, "cache_write", restore, x.pages, x.pending);
}

template <class Inspector>
inspection<Inspector> inspect(Inspector& f, pager_init& x) {
  return inspect_fields(f, "pager_init", x.ns, x.options, x.cache);
}

template <class Inspector>
inspection<Inspector> inspect(Inspector& f, pager_watch& x) {
  return inspect_fields(f, "pager_watch", x.id, x.page);
}

template <class Inspector>
inspection<Inspector> inspect(Inspector& f, pager_unwatch& x) {
  return inspect_fields(f, "pager_unwatch", x.id);
}

template <class Inspector>
inspection<Inspector> inspect(Inspector& f, pager_read& x) {
  return inspect_fields(f, "pager_read", x.id);
}

template <class Inspector>
inspection<Inspector> inspect(Inspector& f, pager_read_reply& x) {
  return inspect_fields(f, "pager_read_reply", x.page);
}

template <class Inspector>
inspection<Inspector> inspect(Inspector& f, pager_write& x) {
  const auto restore = [&] { return x.page != nullptr; };
  return inspect_checked(f, "pager_write", restore, x.page, x.replaces);
}

template <class Inspector>
inspection<Inspector> inspect(Inspector& f, pager_delete& x) {
  return inspect_fields(f, "pager_delete", x.id);
}

template <class Inspector>
inspection<Inspector> inspect(Inspector& f, pager_invalidate& x) {
  return inspect_fields(f, "pager_invalidate", x.id);
}

template <class Inspector>
inspection<Inspector> inspect(Inspector& f, pager_tick& x) {
  return inspect_fields(f, "pager_tick", x.about, x.call);
}

template <class Inspector>
inspection<Inspector> inspect(Inspector& f, pager_barrier&) {
  return inspect_fields(f, "pager_barrier");
}

template <class Inspector>
inspection<Inspector> inspect(Inspector& f, load_request& x) {
  return inspect_fields(f, "load_request", x.ns, x.ids);
}

template <class Inspector>
inspection<Inspector> inspect(Inspector& f, loaded_page& x) {
  return inspect_fields(f, "loaded_page", x.page, x.pending, x.damage, x.failed);
}

template <class Inspector>
inspection<Inspector> inspect(Inspector& f, load_reply& x) {
  return inspect_fields(f, "load_reply", x.pages);
}

template <class Inspector>
inspection<Inspector> inspect(Inspector& f, list_request& x) {
  return inspect_fields(f, "list_request", x.ns, x.range);
}

template <class Inspector>
inspection<Inspector> inspect(Inspector& f, list_reply& x) {
  return inspect_fields(f, "list_reply", x.ids);
}

template <class Inspector>
inspection<Inspector> inspect(Inspector& f, commit_page& x) {
  return inspect_fields(f, "commit_page", x.ns, x.id, x.page, x.pending);
}

template <class Inspector>
inspection<Inspector> inspect(Inspector& f, commit_request& x) {
  return inspect_fields(f, "commit_request", x.pages);
}

template <class Inspector>
inspection<Inspector> inspect(Inspector& f, watch_request& x) {
  return inspect_fields(f, "watch_request", x.ns, x.id, x.sync, x.watcher, x.every);
}

template <class Inspector>
inspection<Inspector> inspect(Inspector& f, unwatch_request& x) {
  return inspect_fields(f, "unwatch_request", x.ns, x.id, x.watcher);
}

template <class Inspector>
inspection<Inspector> inspect(Inspector& f, forget_request& x) {
  return inspect_fields(f, "forget_request", x.watcher);
}

template <class Inspector>
inspection<Inspector> inspect(Inspector& f, credit& x) {
  return inspect_fields(f, "credit", x.watcher, x.delivered);
}

template <class Inspector>
inspection<Inspector> inspect(Inspector& f, read_request& x) {
  return inspect_fields(f, "read_request", x.ns, x.id, x.sync, x.keep);
}

template <class Inspector>
inspection<Inspector> inspect(Inspector& f, write_request& x) {
  const auto restore = [&] { return x.page != nullptr; };
  return inspect_checked(f, "write_request", restore, x.ns, x.page, x.rule);
}

template <class Inspector>
inspection<Inspector> inspect(Inspector& f, edit_request& x) {
  std::string edits = to_json(x.edits); // in the shell's form
  auto create =
      static_cast<std::uint8_t>(x.create ? static_cast<unsigned>(*x.create) + 1U : 0U);
  const auto restore = [&] {
    auto parsed = parse_edits(edits);
    if (!parsed || create > 2)
      return false;
    x.edits = std::move(*parsed);
    x.create.reset();
    if (create != 0)
      x.create = static_cast<page_kind>(create - 1U);
    return true;
  };
  return inspect_checked(f, "edit_request", restore, x.ns, x.id, edits, create, x.rule);
}

template <class Inspector>
inspection<Inspector> inspect(Inspector& f, delete_request& x) {
  return inspect_fields(f, "delete_request", x.ns, x.id, x.rule);
}

template <class Inspector>
inspection<Inspector> inspect(Inspector& f, invalidate_request& x) {
  return inspect_fields(f, "invalidate_request", x.ns, x.id);
}

template <class Inspector>
inspection<Inspector> inspect(Inspector& f, cache_request& x) {
  const auto restore = [&] { return none_missing(x.pages); };
  return inspect_checked(f, "cache_request", restore, x.ns, x.pages, x.pending);
}

template <class Inspector>
inspection<Inspector> inspect(Inspector& f, pageout_request&) {
  return inspect_fields(f, "pageout_request");
}

template <class Inspector>
inspection<Inspector> inspect(Inspector& f, drain_request&) {
  return inspect_fields(f, "drain_request");
}

template <class Inspector>
inspection<Inspector> inspect(Inspector& f, stats_request&) {
  return inspect_fields(f, "stats_request");
}

template <class Inspector>
inspection<Inspector> inspect(Inspector& f, find_pager_request& x) {
  return inspect_fields(f, "find_pager_request", x.ns);
}

template <class Inspector>
inspection<Inspector> inspect(Inspector& f, find_pager_reply& x) {
  return inspect_fields(f, "find_pager_reply", x.pager);
}

template <class Inspector>
inspection<Inspector> inspect(Inspector& f, listen_request& x) {
  return inspect_fields(f, "listen_request", x.listener);
}

template <class Inspector>
inspection<Inspector> inspect(Inspector& f, pageout_tick&) {
  return inspect_fields(f, "pageout_tick");
}

template <class Inspector>
inspection<Inspector> inspect(Inspector& f, retry_tick&) {
  return inspect_fields(f, "retry_tick");
}

template <class Inspector>
inspection<Inspector> inspect(Inspector& f, restart_tick& x) {
  return inspect_fields(f, "restart_tick", x.ns);
}

template <class Inspector>
inspection<Inspector> inspect(Inspector& f, wake_up&) {
  return inspect_fields(f, "wake_up");
}

template <class Inspector>
inspection<Inspector> inspect(Inspector& f, stall_request& x) {
  return inspect_fields(f, "stall_request", x.ms);
}

template <class Inspector>
inspection<Inspector> inspect(Inspector& f, stall_tick&) {
  return inspect_fields(f, "stall_tick");
}

template <class Inspector>
inspection<Inspector> inspect(Inspector& f, barrier_request&) {
  return inspect_fields(f, "barrier_request");
}

template <class Inspector>
inspection<Inspector> inspect(Inspector& f, pager_log_request&) {
  return inspect_fields(f, "pager_log_request");
}

template <class Inspector>
inspection<Inspector> inspect(Inspector& f, pager_log_reply& x) {
  return inspect_fields(f, "pager_log_reply", x.json);
}

} // namespace flok

CAF_BEGIN_TYPE_ID_BLOCK(flok, caf::first_custom_type_id + 300)

CAF_ADD_TYPE_ID(flok, (flok::read_res))
CAF_ADD_TYPE_ID(flok, (flok::removed))
CAF_ADD_TYPE_ID(flok, (flok::problem))
CAF_ADD_TYPE_ID(flok, (flok::done))
CAF_ADD_TYPE_ID(flok, (flok::page_reply))
CAF_ADD_TYPE_ID(flok, (flok::written))
CAF_ADD_TYPE_ID(flok, (flok::pageout_reply))
CAF_ADD_TYPE_ID(flok, (flok::stats_reply))
CAF_ADD_TYPE_ID(flok, (flok::cache_write))
CAF_ADD_TYPE_ID(flok, (flok::pager_init))
CAF_ADD_TYPE_ID(flok, (flok::pager_watch))
CAF_ADD_TYPE_ID(flok, (flok::pager_unwatch))
CAF_ADD_TYPE_ID(flok, (flok::pager_read))
CAF_ADD_TYPE_ID(flok, (flok::pager_read_reply))
CAF_ADD_TYPE_ID(flok, (flok::pager_write))
CAF_ADD_TYPE_ID(flok, (flok::pager_delete))
CAF_ADD_TYPE_ID(flok, (flok::pager_invalidate))
CAF_ADD_TYPE_ID(flok, (flok::pager_tick))
CAF_ADD_TYPE_ID(flok, (flok::pager_barrier))
CAF_ADD_TYPE_ID(flok, (flok::pager_log_request))
CAF_ADD_TYPE_ID(flok, (flok::pager_log_reply))
CAF_ADD_TYPE_ID(flok, (flok::load_request))
CAF_ADD_TYPE_ID(flok, (flok::load_reply))
CAF_ADD_TYPE_ID(flok, (flok::list_request))
CAF_ADD_TYPE_ID(flok, (flok::list_reply))
CAF_ADD_TYPE_ID(flok, (flok::commit_request))
CAF_ADD_TYPE_ID(flok, (flok::watch_request))
CAF_ADD_TYPE_ID(flok, (flok::unwatch_request))
CAF_ADD_TYPE_ID(flok, (flok::forget_request))
CAF_ADD_TYPE_ID(flok, (flok::credit))
CAF_ADD_TYPE_ID(flok, (flok::read_request))
CAF_ADD_TYPE_ID(flok, (flok::write_request))
CAF_ADD_TYPE_ID(flok, (flok::edit_request))
CAF_ADD_TYPE_ID(flok, (flok::delete_request))
CAF_ADD_TYPE_ID(flok, (flok::invalidate_request))
CAF_ADD_TYPE_ID(flok, (flok::cache_request))
CAF_ADD_TYPE_ID(flok, (flok::pageout_request))
CAF_ADD_TYPE_ID(flok, (flok::drain_request))
CAF_ADD_TYPE_ID(flok, (flok::stats_request))
CAF_ADD_TYPE_ID(flok, (flok::find_pager_request))
CAF_ADD_TYPE_ID(flok, (flok::find_pager_reply))
CAF_ADD_TYPE_ID(flok, (flok::listen_request))
CAF_ADD_TYPE_ID(flok, (flok::pageout_tick))
CAF_ADD_TYPE_ID(flok, (flok::retry_tick))
CAF_ADD_TYPE_ID(flok, (flok::restart_tick))
CAF_ADD_TYPE_ID(flok, (flok::wake_up))
CAF_ADD_TYPE_ID(flok, (flok::stall_request))
CAF_ADD_TYPE_ID(flok, (flok::stall_tick))
CAF_ADD_TYPE_ID(flok, (flok::barrier_request))
CAF_ADD_TYPE_ID(flok, (flok::watcher_actor))
CAF_ADD_TYPE_ID(flok, (flok::problem_listener))
CAF_ADD_TYPE_ID(flok, (flok::cache_actor))
CAF_ADD_TYPE_ID(flok, (flok::pager_actor))
CAF_ADD_TYPE_ID(flok, (flok::vm_actor))

CAF_END_TYPE_ID_BLOCK(flok)
