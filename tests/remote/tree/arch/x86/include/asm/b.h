struct b;
