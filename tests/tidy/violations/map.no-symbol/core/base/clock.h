#pragma once
int ticks();
