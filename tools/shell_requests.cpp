// What the actor behind a shell session does for each operation on pages and the system.
#include <algorithm>

#include "runtime/json_text.hpp"
#include "tools/shell_asking.hpp"
#include "tools/shell_lines.hpp"

namespace flok::tools {

// -- pages --------------------------------------------------------------------

void session_state::written_as(const op_ptr& op, const written& w) {
  reply(op, field("id", json::quoted(w.page->id())) +
                field("hash", json::quoted(w.page->hash_text())));
}

void session_state::write(const op_ptr& op) {
  ask_vm<written>(op, write_request{op->ns, op->page, op->rule},
                  [this, op](const written& w) { written_as(op, w); });
}

void session_state::edit(const op_ptr& op) {
  ask_vm<written>(op, edit_request{op->ns, op->id, op->edits, op->create, op->rule},
                  [this, op](const written& w) { written_as(op, w); });
}

void session_state::remove(const op_ptr& op) {
  const auto then = [this, op](const done&) { reply(op); };
  if (op->kind == op_kind::erase)
    ask_vm<done>(op, delete_request{op->ns, op->id, op->rule}, then);
  else
    ask_vm<done>(op, invalidate_request{op->ns, op->id}, then);
}

void session_state::list(const op_ptr& op) {
  ask_vm<list_reply>(op, list_request{op->ns, op->range}, [this, op](const list_reply& r) {
    std::string ids = "[";
    for (const auto& id : r.ids) {
      ids += ids.size() == 1 ? "" : ",";
      json::append_string(ids, id);
    }
    reply(op, field("ids", ids + "]"));
  });
}

void session_state::diff(const op_ptr& op) {
  const auto changes = flok::diff(*op->from, *op->to, op->form);
  if (changes)
    reply(op, field("diff", to_json(*changes)));
  else
    refuse(op, changes.error());
}

void session_state::replay(const op_ptr& op) {
  const auto page = flok::replay(op->page, op->changed);
  if (page)
    reply(op, field("page", (*page)->json()));
  else
    refuse(op, page.error());
}

void session_state::read(const op_ptr& op) {
  ask_vm<page_reply>(op,
                     read_request{op->ns, op->id, op->kind == op_kind::read_sync, op->keep},
                     [this, op](const page_reply& r) {
                       reply(op, field("page", r.page->json()) +
                                     field("pending", r.pending ? "true" : "false"));
                     });
}

// -- the whole system ---------------------------------------------------------

void session_state::page_out(const op_ptr& op) {
  ask_each<pageout_reply>(op, pageout_request{},
                          [this, op](const std::vector<pageout_reply>& replies) {
                            std::uint64_t pages = 0;
                            for (const auto& r : replies)
                              pages += r.pages;
                            reply(op, field("written", std::to_string(pages)));
                          });
}

void session_state::drain(const op_ptr& op) {
  ask_each<done>(op, drain_request{}, [this, op](const std::vector<done>&) {
    pass_controllers(
        [this, op] {
          ask(self_, shared_->sys->context().listener, barrier_request{})
              .then([this, op](const done&) { reply(op); },
                    [this, op](const caf::error&) { reply(op); });
        },
        true);
  });
}

void session_state::stats(const op_ptr& op) {
  ask_each<stats_reply>(op, stats_request{},
                        [this, op](const std::vector<stats_reply>& all) {
                          std::map<std::string, namespace_stats> counts;
                          for (const auto& reply : all)
                            for (const auto& entry : reply.namespaces)
                              counts[entry.ns] = entry.counts;
                          std::string text;
                          for (const auto& p : shared_->services.pagers) {
                            text += text.empty() ? '{' : ',';
                            text += json::quoted(p.ns) + ":" + stats_text(counts[p.ns]);
                          }
                          reply(op, field("namespaces", text + "}") +
                                        metrics_fields(shared_->sys->metrics()));
                        });
}

/// The pager ends as a fault in it would end it.
void session_state::crash(const op_ptr& op) {
  if (!shared_->services.debug)
    return refuse(op, {errc::unsupported, "only where debug is on"});
  ask_vm<find_pager_reply>(op, find_pager_request{op->ns},
                           [this, op](const find_pager_reply& found) {
                             crashing_.emplace(found.pager.address(), op);
                             monitor(self_, found.pager);
                             caf::anon_send_exit(found.pager, caf::exit_reason::kill);
                           });
}

/// The pager has ended, and its vm hears of it as well.
void session_state::crashed(const caf::actor_addr& pager) {
  const auto entry = crashing_.find(pager);
  if (entry == crashing_.end())
    return;
  const auto op = std::move(entry->second);
  crashing_.erase(entry);
  reply(op);
}

void session_state::log(const op_ptr& op) {
  const auto& pagers = shared_->services.pagers;
  const auto p = std::find_if(pagers.begin(), pagers.end(),
                              [&](const pager_config& c) { return c.ns == op->ns; });
  if (p != pagers.end() && !p->name.starts_with("spec"))
    return refuse(op, {errc::unsupported, "only a spec pager keeps a log"});
  ask_vm<find_pager_reply>(
      op, find_pager_request{op->ns}, [this, op](const find_pager_reply& found) {
        ask(self_, caf::actor_cast<spec_pager_actor>(found.pager), pager_log_request{})
            .then(
                [this, op](const pager_log_reply& r) {
                  // The record is an object whose members become the answer's.
                  std::string fields = r.json;
                  fields.front() = ',';
                  fields.pop_back();
                  reply(op, fields);
                },
                [this, op](const caf::error& why) { refuse(op, from_caf(why)); });
      });
}

} // namespace flok::tools
