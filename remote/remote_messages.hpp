// What crosses the network besides the vm's own messages, and who sends it. Private to
// remote/.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "../actors/messages.hpp"

namespace flok {

/// A namespace's pages, for those who are elsewhere: what a vm does for anyone, and nothing
/// that is its own, its pagers' or its owner's.
using gate_actor =
    interface<handles<watch_request, done>, handles<unwatch_request, done>,
              handles<forget_request, done>, handles<credit>, handles<delete_request, done>,
              handles<invalidate_request, done>, handles<list_request, list_reply>,
              handles<read_request, page_reply>, handles<write_request, written>,
              handles<edit_request, written>, handles<drain_request, done>>;

/// What both sides must mean by all of this.
inline constexpr std::uint32_t remote_version = 1;

/// The first message of a connection.
struct hello_request {
  std::uint32_t version = remote_version;
};

struct hello_reply {
  struct entry {
    std::string ns;
    gate_actor gate;
  };
  std::uint32_t version = remote_version;
  std::vector<entry> namespaces; ///< none where the versions differ
};

/// What is published. It tells who has arrived where to ask.
using door_actor = interface<handles<hello_request, hello_reply>>;

/// To a relay: ask there from now on; an invalid handle where the connection is lost.
struct gate_change {
  gate_actor gate;
};

/// A namespace's vm as a client has it: it passes on what it is asked.
using relay_actor = vm_actor::extend<handles<gate_change>>;

/// A link's own timer.
struct connect_tick {};

using link_actor = interface<handles<connect_tick>>;

template <class Inspector>
inspection<Inspector> inspect(Inspector& f, hello_request& x) {
  return inspect_fields(f, "hello_request", x.version);
}

template <class Inspector>
inspection<Inspector> inspect(Inspector& f, hello_reply::entry& x) {
  return inspect_fields(f, "hello_entry", x.ns, x.gate);
}

template <class Inspector>
inspection<Inspector> inspect(Inspector& f, hello_reply& x) {
  return inspect_fields(f, "hello_reply", x.version, x.namespaces);
}

template <class Inspector>
inspection<Inspector> inspect(Inspector& f, gate_change& x) {
  return inspect_fields(f, "gate_change", x.gate);
}

template <class Inspector>
inspection<Inspector> inspect(Inspector& f, connect_tick&) {
  return inspect_fields(f, "connect_tick");
}

} // namespace flok

CAF_BEGIN_TYPE_ID_BLOCK(flok_remote, caf::first_custom_type_id + 400)

CAF_ADD_TYPE_ID(flok_remote, (flok::hello_request))
CAF_ADD_TYPE_ID(flok_remote, (flok::hello_reply))
CAF_ADD_TYPE_ID(flok_remote, (flok::gate_change))
CAF_ADD_TYPE_ID(flok_remote, (flok::connect_tick))
CAF_ADD_TYPE_ID(flok_remote, (flok::gate_actor))

CAF_END_TYPE_ID_BLOCK(flok_remote)
