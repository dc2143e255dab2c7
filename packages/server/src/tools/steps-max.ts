/** How often one reply may go on after calls that the server answered, as on the platform; then it pauses. */
export const STEPS_MAX = 10;
