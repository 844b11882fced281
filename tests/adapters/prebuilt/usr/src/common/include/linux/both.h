int of_the_second;
