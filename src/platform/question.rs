//! What can be asked about a platform.

/// Questions, each with its table of `data/behaviours.toml`.
macro_rules! questions {
    ($($(#[$doc:meta])* $name:ident = $table:literal,)*) => {
        /// What can be asked about a platform. Each is a table of `data/behaviours.toml`.
        #[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
        pub enum Question {
            $($(#[$doc])* $name,)*
        }

        impl Question {
            /// Every question, in the order of their numbers.
            pub const ALL: &[Question] = &[$(Question::$name,)*];

            /// The name of its table.
            pub(super) fn table(self) -> &'static str {
                match self {
                    $(Question::$name => $table,)*
                }
            }
        }
    };
}

questions! {
    /// Does a network with `internal: true` have a DNS server?
    InternalNetworkDns = "internal-network-dns",
    /// Do containers on the runtime's default network resolve each other's names?
    DefaultNetworkDns = "default-network-dns",
    /// Does a container on several networks with DNS resolve the names of all of them?
    NamesOnSeveralNetworks = "names-on-several-networks",
    /// Does a name that others have on several networks of the asker mean the same at each start?
    SameNameOnSeveralNetworks = "same-name-on-several-networks",
    /// Do names of the internet resolve in a container that is on internal networks only?
    OutsideNamesOnInternalNetwork = "outside-names-on-internal-network",
    /// Does an ordinary network lead to the internet?
    EgressFromNetwork = "egress-from-network",
    /// Does an internal network lead to the internet?
    EgressFromInternalNetwork = "egress-from-internal-network",
    /// Can a container reach an address on an ordinary network that it is not on?
    RoutedBetweenNetworks = "routed-between-networks",
    /// Are containers for which no network is said on one network, which others can be on, too?
    DefaultNetworkIsShared = "default-network-is-shared",
    /// Do packets cross between the runtime's default network and others?
    RoutedToDefaultNetwork = "routed-to-default-network",
    /// The same, with `isolate=true` on both networks.
    RoutedBetweenIsolatedNetworks = "routed-between-isolated-networks",
    /// Does `isolate=strict` on one of two networks separate them?
    StrictIsolation = "strict-isolation",
    /// Does `isolate=true` on one of two networks separate them?
    OneSidedIsolation = "one-sided-isolation",
    /// Can a container on an ordinary network reach programs on the host?
    HostFromNetwork = "host-from-network",
    /// Can a container on internal networks only reach programs on the host?
    HostFromInternalNetwork = "host-from-internal-network",
    /// Does an internal network stay closed to others, where IP forwarding was off when it was set up?
    InternalWallWithoutForwarding = "internal-wall-without-forwarding",
    /// Do the host and the containers of an internal network reach each other whose DNS is switched off?
    HostOnInternalNetworkWithoutDns = "host-on-internal-network-without-dns",
    /// Can a container reach a port that another publishes, through the host?
    PublishedPortFromNetwork = "published-port-from-network",
    /// The same, with the two networks isolated from each other.
    PublishedPortBetweenIsolatedNetworks = "published-port-between-isolated-networks",
    /// Can a container on internal networks only reach a port that another publishes?
    PublishedPortFromInternalNetwork = "published-port-from-internal-network",
    /// Can a container reach a port that it publishes itself, through the host?
    OwnPublishedPort = "own-published-port",
    /// Do a container's default route and its published port always go by two of its networks, where several may be the way
    /// out?
    OwnPortByAnotherNetwork = "own-port-by-another-network",
    /// Does a port answer that is published by a container on internal networks only?
    PublishedPortOnInternalNetwork = "published-port-on-internal-network",
    /// Does a port answer that is published by a container none of whose networks is a way out?
    PublishedPortWithoutDefaultRoute = "published-port-without-default-route",
    /// Does a port answer that is published by a container on an internal and an ordinary network?
    PublishedPortOnMixedNetworks = "published-port-on-mixed-networks",
    /// Can the host reach a container's own address on an ordinary network?
    ContainerFromHost = "container-from-host",
    /// Can the host reach a container's own address on an internal network?
    InternalContainerFromHost = "internal-container-from-host",
    /// Is a container's host name a name that others resolve?
    HostNameIsAName = "host-name-is-a-name",
    /// Is the service's name a DNS name by itself?
    ServiceNameIsAName = "service-name-is-a-name",
    /// Does a container on a network with DNS ask the host's DNS servers, too?
    HostServersBesideThoseOfNetworks = "host-servers-beside-those-of-networks",
    /// Are the first twelve digits of a container's identity a name of it?
    ShortIdIsAName = "short-id-is-a-name",
    /// Do containers that share a network find each other's names in the hosts file that they share?
    NamesInSharedHostsFile = "names-in-shared-hosts-file",
    /// Does `NAME.dns.podman` mean what `NAME` means?
    DnsPodmanSuffix = "dns-podman-suffix",
    /// The same for a container on several networks, of which not all have the name.
    DnsPodmanSuffixOnSeveralNetworks = "dns-podman-suffix-on-several-networks",
    /// Does `NAME.NETWORK` mean what `NAME` means on that network?
    NetworkSuffix = "network-suffix",
    /// Is a port published of a container that has no network of its own?
    PublishedPortWithoutOwnNetwork = "published-port-without-own-network",
    /// Does a container start that publishes a port and is in another container's network?
    StartWithPortInAnotherNetwork = "start-with-port-in-another-network",
    /// Does a port answer that is published by a container on macvlan or ipvlan networks only?
    PublishedPortOnMacvlan = "published-port-on-macvlan",
    /// Can a container publish a port of the host that only root may listen on?
    PrivilegedHostPort = "privileged-host-port",
    /// Is a port that is published without an address open on every address of the host?
    PortOnEveryAddress = "port-on-every-address",
    /// Does a container on several ordinary networks take the same way out at each start?
    DefaultRouteOnSeveralNetworks = "default-route-on-several-networks",
    /// Does the option `metric` of a network say which way out goes before others?
    RouteMetric = "route-metric",
    /// Does the option `no_default_route` keep a network from being a way out?
    NetworkWithoutDefaultRoute = "network-without-default-route",
    /// Does `gw_priority` of a service on a network say which way out goes before others?
    NetworkPriority = "network-priority",
    /// Can a container publish a port that a program of the host listens on?
    PortOfHostProgram = "port-of-host-program",
    /// Do other machines reach a port that is published on every address of the host?
    PublishedPortFromLan = "published-port-from-lan",
    /// Can two containers publish the same port of the host?
    TwoContainersOnOnePort = "two-containers-on-one-port",
    /// Can a container reach a program of the host that listens on 127.0.0.1 only?
    HostLoopbackFromNetwork = "host-loopback-from-network",
    /// Which name of the host does a container have that nobody gave it, and where does it lead?
    HostName = "host-name",
    /// The same in the host's network.
    HostNameInHostMode = "host-name-in-host-mode",
    /// Does the own address of the Linux that runs the containers lead to it?
    OwnAddressOfHost = "own-address-of-host",
    /// Does that name get the same address at each start, on several networks?
    HostNameOnSeveralNetworks = "host-name-on-several-networks",
    /// Does that name lead to the host from internal networks only?
    HostNameFromInternalNetwork = "host-name-from-internal-network",
    /// Is `host-gateway` taken for the address of a name?
    HostGatewayWord = "host-gateway-word",
    /// Is the gateway of the machine's default route the Windows host?
    DefaultRouteGateway = "default-route-gateway",
    /// Does 127.0.0.1 in the host's network reach programs on Windows?
    WindowsLoopbackFromHostMode = "windows-loopback-from-host-mode",
    /// Do `pasta:-T,PORT` and `slirp4netns:allow_host_loopback=true` carry connections to 127.0.0.1 of the host?
    ForwardedLoopback = "forwarded-loopback",
    /// Does a container start that has a network alias and is on no bridge network?
    AliasOutsideBridge = "alias-outside-bridge",
    /// Does a container start that has a network alias and for which no network is said?
    AliasWithoutNetwork = "alias-without-network",
    /// Does an alias on the runtime's default network resolve?
    AliasOnDefaultNetwork = "alias-on-default-network",
    /// Do aliases of one network count beside aliases on all networks?
    BothFormsOfAlias = "both-forms-of-alias",
    /// Does a colon part the options of `Network=`?
    ColonInNetworkOptions = "colon-in-network-options",
    /// Does a macvlan or ipvlan network have a DNS server?
    MacvlanDns = "macvlan-dns",
    /// Does a network's gateway as a container's DNS server let more names resolve?
    GatewayAsDnsServer = "gateway-as-dns-server",
    /// Does the resolver's option `rotate` let a container resolve the names of all its networks?
    RotatedServers = "rotated-servers",
    /// Does a name over 63 characters or with a leading hyphen resolve?
    NameThatIsNoHostName = "name-that-is-no-host-name",
    /// Can a container publish port 53 on every address beside the runtime's own DNS server?
    PortOfContainerDns = "port-of-container-dns",
    /// Can a container publish port 53 on every address beside systemd-resolved?
    PortOfHostResolver = "port-of-host-resolver",
    /// Does a container see the address of who connects to its published port?
    ClientAddress = "client-address",
    /// Does a macvlan or ipvlan network get to the host's own network?
    DriverPastTheHost = "driver-past-the-host",
    /// Can a port be published for SCTP?
    SctpPort = "sctp-port",
    /// Does the runtime listen on /var/run/docker.sock?
    DockerSocket = "docker-socket",
    /// Does the runtime listen on /run/podman/podman.sock?
    RootPodmanSocket = "root-podman-socket",
    /// Does the runtime listen on podman/podman.sock below /run/user/UID?
    UserPodmanSocket = "user-podman-socket",
    /// Does an image without a registry come from Docker Hub?
    ShortImageName = "short-image-name",
    /// Are quotes, comments and `export` in an env file understood?
    EnvFileSyntax = "env-file-syntax",
    /// Can a bridge network be made whose subnet overlaps with that of another one?
    SubnetTakenTwice = "subnet-taken-twice",
    /// Does a container start with a fixed address that lies in no subnet of its network?
    AddressOutsideSubnet = "address-outside-subnet",
    /// Does a container start with a fixed address on a network that states no subnet?
    AddressWithoutSubnet = "address-without-subnet",
    /// Can a container have the gateway's address, the network's own or the last one?
    AddressOfTheNetwork = "address-of-the-network",
    /// Do two containers start with one address on one network?
    OneAddressTwice = "one-address-twice",
    /// Can a network be made whose gateway or range lies outside of its subnet, or stands without one?
    GatewayOutsideSubnet = "gateway-outside-subnet",
    /// Does a container start with a fixed IPv6 address on a network that has no IPv6?
    Ipv6AddressWithoutIpv6 = "ipv6-address-without-ipv6",
    /// Does a container in a pod start that publishes ports itself?
    PortOfPodMember = "port-of-pod-member",
    /// Does a container in a pod start that has a fixed address of its own?
    AddressOfPodMember = "address-of-pod-member",
    /// Does a container in a pod start that has host entries of its own?
    HostsOfPodMember = "hosts-of-pod-member",
    /// Does a container in a pod start that has a host name of its own?
    HostNameOfPodMember = "host-name-of-pod-member",
    /// Does a wait for the health of a container end that has no health check?
    WaitForHealthWithoutCheck = "wait-for-health-without-check",
    /// Does an image that is built with the stack keep the health check of its Containerfile?
    BuiltHealthCheck = "built-health-check",
    /// Does a container start whose image is updated from its registry and has a name without one?
    AutoUpdateOfShortName = "auto-update-of-short-name",
    /// Is an image updated from its registry that only lies on the machine?
    AutoUpdateOfLocalImage = "auto-update-of-local-image",
    /// Is an image updated from its registry that is named by its digest?
    AutoUpdateOfDigest = "auto-update-of-digest",
    /// Does what a container wrote outlive its next stop, where it has no volume with a name for it?
    AnonymousVolume = "anonymous-volume",
    /// Does the systemd that runs the units have `multi-user.target`?
    MultiUserTarget = "multi-user-target",
}
