/* Outside of any package: go itself does not notice when this changes. */
#define LIMIT 42
