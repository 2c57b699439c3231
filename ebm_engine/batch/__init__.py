"""Many runs trained side by side, each kept in a file as soon as it is done."""
