int of_the_first_root;
