struct c;
