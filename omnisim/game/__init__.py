"""Online minimax multi-objective play (theory, section 4): objectives x weights x minimax step.

There are K objectives. Objective e has a gain r_e(p, y) in [-1, 1], affine in the outcome y, such that copying the
outcome never gains: sum_e w_e r_e(y, y) <= 0 for all w >= 0. Each round the engine finds a mixture psi whose
worst-case weighted gain max_y E_{p ~ psi} sum_e w_e r_e(p, y) is at most a tolerance, sees y, and updates the weights
with the gains. What the objectives are (decision events, step events, threshold losses) is none of its business.
"""
