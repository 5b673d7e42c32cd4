// A session in the shell protocol over file descriptors: standard streams, or a socket.
#pragma once

#include <functional>
#include <list>
#include <memory>
#include <mutex>
#include <string>

#include "actors/system.hpp"
#include "tools/output.hpp"

namespace flok::tools {

/// The outputs that hear of what nobody asked for, such as a failed commit. Any thread may
/// call.
class audience {
public:
  void add(std::shared_ptr<output> who);
  void remove(const std::shared_ptr<output>& who);

  /// Prints to all that have room: to those who read, that is.
  void tell(const std::string& line);

private:
  std::mutex mutex_;
  std::list<std::shared_ptr<output>> all_;
};

struct conversation_ends {
  int in = -1;
  std::shared_ptr<output> out;
  int stop = -1; ///< readable: the input counts as ended

  /// Called where the reader is so far behind that the output was given up. Null: nothing.
  std::function<void()> cut = {};

  /// Whether, once the input has ended, its reader is not waited for any longer: what it
  /// has not read is dropped, and what was asked for is done without being told. Asked
  /// several times a second. Null: never.
  std::function<bool()> unread = {};

  /// Whether what is still to be done, once the input has ended, is to be left; asked
  /// several times a second. Null: never.
  std::function<bool()> give_up = {};
};

/// Speaks the shell protocol until the input ends, or nobody reads the output, and all that
/// was asked for is done; its controllers end with it. What is printed may still wait in
/// the output. Gives 0, or an `errno` where the input could not be read to its end.
int converse(system& sys, const conversation_ends& ends);

} // namespace flok::tools
