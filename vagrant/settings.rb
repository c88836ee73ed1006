require "json"

module Canopy
  # What Vagrant prints as it stands, without a stack trace.
  class Error < Vagrant::Errors::VagrantError
    def initialize(message)
      @message = message
      super()
    end

    def error_message
      @message
    end
  end

  # The settings of a tree: checked, and remembered for as long as the tree is there. Without that, `vagrant destroy` in a shell that
  # lacks TREE_DEPTH=4 would leave eight nodes behind.
  class Settings
    DEPTHS = 1..7 # NODE-127 is 10.0.1.193; 255 nodes don't fit into 10.0.1.0/24
    DELAYS = 0..3600
    MODES = %w[push ttl sync none]

    # `defaults` are what the Vagrantfile says, by name.
    def initialize(defaults)
      @defaults = defaults.transform_values(&:to_s)
      @remembered = File.file?(file) ? JSON.parse(File.read(file)) : nil
      @wanted = @defaults.to_h { |name, default| [name, present(ENV[name]) || kept(name, default)] }
      check(@wanted)
      @values = @remembered ? @remembered["values"] : @wanted
    end

    def depth
      Integer(@values["TREE_DEPTH"], 10)
    end

    def root
      Integer(@values["ROOT_NODE_ID"], 10)
    end

    def delay
      Integer(@values["STARTUP_DELAY"], 10)
    end

    def coherence
      @values["COHERENCE"]
    end

    def nodes
      1..count(depth)
    end

    # To be called before something is started: says no to settings that the tree wasn't made with.
    def remember
      @values.each do |name, value|
        next if @wanted[name] == value

        raise Error, "#{name} is #{@wanted[name]}, but the tree that is there was made with #{value}. " \
                     "For a new one: vagrant destroy -f"
      end
      return if @remembered

      @remembered = { "defaults" => @defaults, "values" => @values }
      File.write(file, JSON.generate(@remembered))
    end

    def forget
      File.delete(file) if File.file?(file)
      @remembered = nil
    end

    private

    def file
      folder = File.expand_path(present(ENV["VAGRANT_DOTFILE_PATH"]) || ".vagrant", __dir__)
      File.join(folder, "canopy.json")
    end

    # What the tree was made with, unless the Vagrantfile was edited since.
    def kept(name, default)
      @remembered && @remembered["defaults"][name] == default ? @remembered["values"][name] : default
    end

    def present(text)
      text.nil? || text.strip.empty? ? nil : text.strip
    end

    def count(depth)
      (1 << depth) - 1
    end

    def check(values)
      depth = number(values, "TREE_DEPTH", DEPTHS, "levels, and the addresses end at 10.0.1.255")
      number(values, "ROOT_NODE_ID", 1..count(depth), "a node of a tree of depth #{depth}")
      number(values, "STARTUP_DELAY", DELAYS, "seconds")
      mode = values["COHERENCE"]
      raise Error, "COHERENCE is '#{mode}': #{MODES.join(", ")} are allowed." unless MODES.include?(mode)
    end

    def number(values, name, range, unit)
      text = values[name]
      number = text.match?(/\A\d{1,9}\z/) ? text.to_i : nil
      return number if range.cover?(number || -1)

      raise Error, "#{name} is '#{text}': a whole number from #{range.min} to #{range.max} is allowed (#{unit})."
    end
  end
end
