mend
