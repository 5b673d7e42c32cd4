// Pages over a network: all that a program needs to offer its own, or to use another's
// (docs/remote.md). Link flok::remote.
#pragma once

#include "remote/connection.hpp"
#include "remote/networking.hpp"
#include "remote/publication.hpp"
