#include "plain_layers.hpp"
