require "vagrant/util/subprocess"
require_relative "settings"

module Canopy
  VERSION = "0.1.0"
  NETWORK = "canopy"
  SUBNET = "10.0.1.0/24"
  LABEL = "canopy=vagrant"
  ZOOKEEPER = "10.0.1.66"

  # A machine, as the docker provider wants it described. `health` is the command in the container that answers 0 when it is well.
  Machine = Struct.new(:name, :address, :image, :command, :environment, :ports, :limits, :health, keyword_init: true) do
    def container
      "canopy-#{name}"
    end

    def create_arguments
      %W[--network #{NETWORK} --ip #{address} --network-alias #{name} --hostname #{name} --label #{LABEL}] +
        %w[--read-only --cap-drop ALL --security-opt no-new-privileges --log-opt max-size=10m --log-opt max-file=3] +
        # Nobody waits for docker's own look: a trigger asks by itself.
        %w[--health-interval 10s] + limits
    end
  end

  # The machines of a tree, and what `vagrant up` doesn't do for them.
  class Cluster
    # Seconds that a machine may take to be healthy, besides STARTUP_DELAY: a JVM on a busy machine.
    HEALTHY_SECONDS = 120

    attr_reader :machines

    def initialize(defaults)
      @settings = Settings.new(defaults)
      others = @settings.nodes.to_a - [@settings.root]
      @machines = [zookeeper, node(@settings.root), *others.map { |id| node(id) }, cli]
      @started = []
    end

    # Before a machine starts, once: the images and the network are there.
    def prepare(ui)
      return if @prepared

      @settings.remember
      build("canopy", %W[--file ../images/canopy/Dockerfile --build-arg BINARIES=#{ENV.fetch("BINARIES", "source")} ..], ui)
      build("canopy-zookeeper", %w[../images/zookeeper], ui)
      create_network(ui)
      @prepared = true
    end

    # Returns once the machine is healthy; raises what its log says otherwise. After the last of several, all are looked at again.
    def wait_for(name, ui)
      @started << machines.find { |machine| machine.name == name }
      ui.info("Waiting until #{name} is healthy...")
      wait_until_healthy(@started.last)
      return unless name == machines.last.name && @started.size == machines.size

      @started.each { |machine| wait_until_healthy(machine) }
      ui.info("All #{@settings.nodes.size} nodes are up.")
      docker("exec", machines.last.container, "kvctl", "tree").stdout.each_line { |line| ui.detail(line.chomp) }
    end

    # After a machine was destroyed: the last takes the network with it, and the settings.
    def clean_up(ui)
      return unless docker("ps", "--all", "--quiet", "--filter", "label=#{LABEL}").stdout.strip.empty?

      @settings.forget
      return if try("network", "inspect", NETWORK).exit_code != 0

      ui.info("Removing the network #{NETWORK}...")
      docker("network", "rm", NETWORK)
    end

    private

    def zookeeper
      Machine.new(
        name: "zookeeper", address: ZOOKEEPER, image: "canopy-zookeeper:#{VERSION}", command: [], environment: {},
        ports: [], limits: %w[--memory 320m --pids-limit 256], health: %w[zookeeper-ready]
      )
    end

    def node(id)
      name = "NODE-#{id}"
      address = "10.0.1.#{66 + id}"
      is_root = id == @settings.root
      environment = {
        "CANOPY_NAME" => name, "CANOPY_ADVERTISE" => "#{address}:5000", "CANOPY_ZOOKEEPER" => "#{ZOOKEEPER}:2181",
        "CANOPY_ROLE" => is_root ? "root" : "child", "CANOPY_MEMORY" => "256MiB", "CANOPY_STARTUP_DELAY" => @settings.delay
      }
      environment.update("CANOPY_DEPTH" => @settings.depth, "CANOPY_COHERENCE" => @settings.coherence) if is_root
      Machine.new(
        name: name, address: address, image: "canopy:#{VERSION}", command: [], environment: environment,
        ports: ["127.0.0.1:#{5000 + id}:5000"], limits: %w[--memory 384m --pids-limit 64], health: %W[kvctl ready #{id}]
      )
    end

    # As process 1 sleep is deaf to SIGTERM.
    def cli
      Machine.new(
        name: "cli", address: "10.0.1.63", image: "canopy:#{VERSION}", command: %w[sleep infinity],
        environment: { "CANOPY_NAME" => "NODE-#{@settings.root}" }, ports: [],
        limits: %w[--stop-signal SIGKILL --memory 128m --pids-limit 64], health: %w[kvctl --version]
      )
    end

    # `make images` builds an image anew that is there.
    def build(name, arguments, ui)
      tag = "#{name}:#{VERSION}"
      return if try("image", "inspect", tag).exit_code.zero?

      ui.info("Building the image #{tag}; this takes minutes...")
      docker("build", "--tag", tag, *arguments) { |_, text| ui.detail(text.chomp) }
    end

    def create_network(ui)
      return if try("network", "inspect", NETWORK).exit_code.zero?

      ui.info("Creating the network #{NETWORK}, #{SUBNET}...")
      result = try("network", "create", "--subnet", SUBNET, "--label", LABEL, NETWORK)
      return if result.exit_code.zero?

      raise Error, "There can be no network #{SUBNET}: #{result.stderr.strip}\n" \
                   "Does something else have these addresses, such as the tree of compose.yaml?"
    end

    def wait_until_healthy(machine)
      deadline = now + HEALTHY_SECONDS + @settings.delay
      until try("exec", machine.container, *machine.health).exit_code.zero?
        state = docker("inspect", "--format", "{{.State.Status}}, exit code {{.State.ExitCode}}", machine.container).stdout.strip
        is_running = state.start_with?("running")
        if now > deadline || !is_running
          problem = is_running ? "is not healthy" : "does not run (#{state})"
          log = try("logs", "--tail", "20", machine.container)
          raise Error, "#{machine.name} #{problem}. The end of its log:\n#{log.stdout}#{log.stderr}"
        end
        sleep 0.2
      end
    end

    def now
      Process.clock_gettime(Process::CLOCK_MONOTONIC)
    end

    # What `docker` says; its failure is ours.
    def docker(*arguments, &block)
      result = try(*arguments, &block)
      return result if result.exit_code.zero?

      raise Error, "docker #{arguments.join(" ")} failed:\n#{result.stderr}"
    end

    def try(*arguments, &block)
      # BuildKit leaves out the stage of the image that isn't asked for; docker before 23 has to be told to use it.
      options = { workdir: __dir__, env: { "DOCKER_BUILDKIT" => "1" } }
      options[:notify] = %i[stdout stderr] if block
      Vagrant::Util::Subprocess.execute("docker", *arguments, options, &block)
    end
  end
end
