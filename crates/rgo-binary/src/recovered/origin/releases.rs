//! Maps commits of rustc to releases. The paths of the standard library in a program's panic
//! messages contain the commit. The data comes from `rustc -vV` of each release. A commit that is
//! not in the table (a nightly, a beta, a fork) is reported without a release.

/// Commit and release, newest first.
const RELEASES: [(&str, &str); 59] = [
    ("b940084d7eb6a299eb4bfeb8e34901bc051e7ac4", "1.99.0"),
    ("48a229ceaefd4985c50990b14116b6d856af0985", "1.98.1"),
    ("88d9e12ae178fab0fb5cc050a94da85685d449ea", "1.98.0"),
    ("8bab26f4f68e0e26f0bb7960be334d5b520ea452", "1.97.1"),
    ("2d8144b7880597b6e6d3dfd63a9a9efae3f533d3", "1.97.0"),
    ("31fca3adb283cc9dfd56b49cdee9a96eb9c96ffd", "1.96.1"),
    ("ac68faa20c58cbccd01ee7208bf3b6e93a7d7f96", "1.96.0"),
    ("59807616e1fa2540724bfbac14d7976d7e4a3860", "1.95.0"),
    ("e408947bfd200af42db322daf0fadfe7e26d3bd1", "1.94.1"),
    ("4a4ef493e3a1488c6e321570238084b38948f6db", "1.94.0"),
    ("01f6ddf7588f42ae2d7eb0a2f21d44e8e96674cf", "1.93.1"),
    ("254b59607d4417e9dffbc307138ae5c86280fe4c", "1.93.0"),
    ("ded5c06cf21d2b93bffd5d884aa6e96934ee4234", "1.92.0"),
    ("ed61e7d7e242494fb7057f2657300d9e77bb4fcb", "1.91.1"),
    ("f8297e351a40c1439a467bbbb6879088047f50b3", "1.91.0"),
    ("1159e78c4747b02ef996e55082b704c09b970588", "1.90.0"),
    ("29483883eed69d5fb4db01964cdf2af4d86e9cb2", "1.89.0"),
    ("6b00bc3880198600130e1cf62b8f8a93494488cc", "1.88.0"),
    ("17067e9ac6d7ecb70e50f92c1944e545188d2359", "1.87.0"),
    ("05f9846f893b09a1be1fc8560e33fc3c815cfecb", "1.86.0"),
    ("4eb161250e340c8f48f66e2b929ef4a5bed7c181", "1.85.1"),
    ("4d91de4e48198da2e33413efdcd9cd2cc0c46688", "1.85.0"),
    ("e71f9a9a98b0faf423844bf0ba7438f29dc27d58", "1.84.1"),
    ("9fc6b43126469e3858e2fe86cafb4f0fd5068869", "1.84.0"),
    ("90b35a6239c3d8bdabc530a6a0816f7ff89a0aaf", "1.83.0"),
    ("f6e511eec7342f59a25f7c0534f1dbea00d01b14", "1.82.0"),
    ("eeb90cda1969383f56a2637cbd3037bdf598841c", "1.81.0"),
    ("3f5fd8dd41153bc5fdca9427e9e05be2c767ba23", "1.80.1"),
    ("051478957371ee0084a7c0913941d2a8c4757bb9", "1.80.0"),
    ("129f3b9964af4d4a709d1383930ade12dfe7c081", "1.79.0"),
    ("9b00956e56009bab2aa15d7bff10916599e3d6d6", "1.78.0"),
    ("25ef9e3d85d934b27d9dada2f9dd52b1dc63bb04", "1.77.2"),
    ("7cf61ebde7b22796c69757901dd346d0fe70bd97", "1.77.1"),
    ("aedd173a2c086e558c2b66d3743b344f977621a7", "1.77.0"),
    ("07dca489ac2d933c78d3c5158e3f43beefeb02ce", "1.76.0"),
    ("82e1608dfa6e0b5569232559e3d385fea5a93112", "1.75.0"),
    ("a28077b28a02b92985b3a3faecf92813155f1ea1", "1.74.1"),
    ("79e9716c980570bfd1f666e3b16ac583f0168962", "1.74.0"),
    ("cc66ad468955717ab92600c770da8c1601a4ff33", "1.73.0"),
    ("d5c2e9c342b358556da91d61ed4133f6f50fc0c3", "1.72.1"),
    ("5680fa18feaa87f3ff04063800aec256c3d4b4be", "1.72.0"),
    ("eb26296b556cef10fb713a38f3d16b9886080f26", "1.71.1"),
    ("8ede3aae28fe6e4d52b38157d7bfe0d3bceef225", "1.71.0"),
    ("90c541806f23a127002de5b4038be731ba1458ca", "1.70.0"),
    ("84c898d65adf2f39a5a98507f1fe0ce10a2b8dbc", "1.69.0"),
    ("9eb3afe9ebe9c7d2b84b71002d44f4a0edac95e0", "1.68.2"),
    ("8460ca823e8367a30dda430efda790588b8c84d3", "1.68.1"),
    ("2c8cc343237b8f7d5a3c3703e3a87f2eb2c54a74", "1.68.0"),
    ("d5a82bbd26e1ad8b7401f6a718a9c57c96905483", "1.67.1"),
    ("fc594f15669680fa70d255faec3ca3fb507c3405", "1.67.0"),
    ("90743e7298aca107ddaa0c202a4d3604e29bfeb6", "1.66.1"),
    ("69f9c33d71c871fc16ac445211281c6e7a340943", "1.66.0"),
    ("897e37553bba8b42751c67658967889d11ecd120", "1.65.0"),
    ("a55dd71d5fb0ec5a6a3a9e8c27b2127ba491ce52", "1.64.0"),
    ("4b91a6ea7258a947e59c6522cd5898e7c0a6a88f", "1.63.0"),
    ("e092d0b6b43f2de967af0887873151bb1c0b18d3", "1.62.1"),
    ("a8314ef7d0ec7b75c336af2c9857bfaf43002bfc", "1.62.0"),
    ("fe5b13d681f25ee6474be29d748c65adcd91f69e", "1.61.0"),
    ("7737e0b5c4103216d6fd8cf941b7ab9bdbaace7c", "1.60.0"),
];

/// The release that was built from a commit.
pub(super) fn release(commit: &str) -> Option<&'static str> {
    RELEASES.iter().find(|(hash, _)| *hash == commit).map(|(_, release)| *release)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_table_is_well_formed() {
        for (at, (commit, release)) in RELEASES.iter().enumerate() {
            assert_eq!(commit.len(), 40, "{release}");
            let hex = |byte: u8| byte.is_ascii_digit() || (b'a'..=b'f').contains(&byte);
            assert!(commit.bytes().all(hex), "{release}");
            let newer = RELEASES.get(at + 1..).unwrap_or_default();
            assert!(newer.iter().all(|(other, name)| other != commit && name != release));
        }
        assert_eq!(release("eeb90cda1969383f56a2637cbd3037bdf598841c"), Some("1.81.0"));
        assert_eq!(release("f5eca4fcfa908d1e038afd19c6e746f075859130"), None);
    }
}
