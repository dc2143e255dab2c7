/** For a Redis store under test: the wall clock is whatever the key `test-wall` holds. */
export const TEST_WALL_CLOCK = ' return tonumber(redis.call("GET", "test-wall")) ';
