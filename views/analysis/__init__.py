"""The page Analysis: the steps of the argument, their derivations, and the measurements that test them."""
